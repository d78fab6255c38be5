/*
 * Executes instructions that lead into the kernel: system calls, software interrupts, breakpoints, faults. At `go` executes
 * each ROUNDS times and answers `did NAME rax=… rcx=… signal=… code=… address=… rip=… rounds=…` for each, then `done`.
 * Addresses are counted from the instruction, `rounds` are those that did the same as the first. The instruction of NAME
 * is at the symbol NAME + 5: in front of it is a `mov $NUMBER, %eax`.
 */
#include "program.h"
#include <sys/time.h>
#include <ucontext.h>

#define ROUNDS 20

/* rdi, rsi and rdx are what C passes; rdx, where nothing else is in it, is another in each round. The nops are room for a jump; where they end is no symbol, which would forbid one. */
#define INSTRUCTION(name, number, bytes)                                                                               \
	asm(".pushsection .text\n.globl " #name "\n.type " #name ", @function\n" #name ": mov $" #number ", %eax\n" bytes     \
	    "\n nop\n nop\n nop\n nop\n nop\n"                                                                            \
	    "1: mov %rcx, seen_rcx(%rip)\n ret\n.size " #name ", . - " #name "\n.popsection\n"                              \
	    ".pushsection .data\n" #name "_end: .quad 1b\n.popsection");                                                    \
	extern char name[], *name##_end;

u64 seen_rcx;

INSTRUCTION(get_pid, 39, "syscall")
INSTRUCTION(bad_write, 1, "syscall")
INSTRUCTION(no_such_call, 9999, "syscall")
INSTRUCTION(wait_interrupted, 34, "syscall")
INSTRUCTION(read_restarted, 0, "syscall")
INSTRUCTION(sleep_resumed, 35, "syscall")
INSTRUCTION(int_80, 20, "int $0x80")
INSTRUCTION(int_81, 20, "int $0x81")
INSTRUCTION(int3_short, 1, "int3")
INSTRUCTION(int3_long, 1, ".byte 0xcd, 0x03")
INSTRUCTION(int_1, 1, ".byte 0xf1")
INSTRUCTION(undefined, 1, "ud2")
INSTRUCTION(halt, 1, "hlt")
INSTRUCTION(port, 1, "inb %dx, %al")
INSTRUCTION(divide, 1, "divl %edi")
INSTRUCTION(load, 1, "mov (%rdi), %rax")
INSTRUCTION(noncanonical, 1, "mov (%rsi), %rax")

struct outcome {
	long rax, rcx, signal, code, address, rip;
};

static struct {
	const char *name;
	char *start, **end;
	int ticks, last_tick; /* whether it ticks, and the tick that ends a read; ticks restart what waits for one */
	long arguments[3];
} all[] = {
#define ENTRY(name, ...) {#name, name, &name##_end, __VA_ARGS__}
	ENTRY(get_pid, 0, 0, {0}),
	ENTRY(bad_write, 0, 0, {-1, 0, 1}),
	ENTRY(no_such_call, 0, 0, {0}),
	ENTRY(wait_interrupted, 1, 0, {0}),
	ENTRY(read_restarted, 1, 3, {0, 0, 1}),
	ENTRY(sleep_resumed, 0, 0, {0}),
	ENTRY(int_80, 0, 0, {0}),
	ENTRY(int_81, 0, 0, {0}),
	ENTRY(int3_short, 0, 0, {0}),
	ENTRY(int3_long, 0, 0, {0}),
	ENTRY(int_1, 0, 0, {0}),
	ENTRY(undefined, 0, 0, {0}),
	ENTRY(halt, 0, 0, {0}),
	ENTRY(port, 0, 0, {0}),
	ENTRY(divide, 0, 0, {0}),
	ENTRY(load, 0, 0, {16}),
	ENTRY(noncanonical, 0, 0, {0, 1L << 62}),
};
#define COUNT (sizeof all / sizeof *all)

static char *start, *end;
static struct outcome now;
static int ticks, last_tick, pipe_ends[2];

/* A fault leaves the instruction: the others are over already. */
static void on_trap(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	now.signal = signal;
	now.code = info->si_code;
	now.address = info->si_addr == NULL || (char *)info->si_addr == (char *)16 ? (long)info->si_addr
										   : (char *)info->si_addr - start;
	now.rip = (char *)registers[REG_RIP] - start;
	registers[REG_RIP] = (greg_t)end;
}

/* Interrupts what waits. Goes on, since the first may come before there is anything to interrupt. */
static void on_tick(int signal)
{
	(void)signal;
	if (++ticks == last_tick && write(pipe_ends[1], "x", 1) != 1)
		_exit(4);
}

static void tick_every(int microseconds)
{
	setitimer(ITIMER_REAL, &(struct itimerval){{0, microseconds}, {0, microseconds}}, NULL);
}

static struct outcome execute(unsigned at, long round)
{
	char byte;
	struct timespec short_time = {0, 3000000};
	long *arguments = all[at].arguments;
	long first = all[at].ticks ? pipe_ends[0] : arguments[0];
	start = all[at].start + 5;
	end = *all[at].end;
	now = (struct outcome){0};
	seen_rcx = 0;
	if (!strcmp(all[at].name, "sleep_resumed"))
		first = (long)&short_time;
	if (all[at].ticks) {
		struct sigaction action = {.sa_handler = on_tick, .sa_flags = all[at].last_tick ? SA_RESTART : 0};
		sigaction(SIGALRM, &action, NULL);
		ticks = 0;
		last_tick = all[at].last_tick;
		tick_every(2000);
	}
	long second = all[at].ticks ? (long)&byte : arguments[1];
	long third = all[at].ticks || arguments[2] ? 1 : round;
	long rax = ((long (*)(long, long, long))all[at].start)(first, second, third);
	tick_every(0);
	now.rax = !strcmp(all[at].name, "get_pid") || !strcmp(all[at].name, "int_80") ? rax == getpid() : rax;
	now.rcx = (char *)seen_rcx - start;
	/* Whatever else is in rcx is none of the instruction's. */
	if (now.rcx < 0 || now.rcx > 16)
		now.rcx = -1;
	return now;
}

int main(void)
{
	static const int traps[] = {SIGTRAP, SIGILL, SIGSEGV, SIGFPE, SIGBUS};
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	char command[64];
	for (unsigned i = 0; i < sizeof traps / sizeof *traps; i++)
		sigaction(traps[i], &action, NULL);
	if (pipe(pipe_ends) != 0)
		return 2;
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit")) {
		if (strcmp(command, "go"))
			continue;
		for (unsigned at = 0; at < COUNT; at++) {
			struct outcome first = execute(at, 0);
			int rounds = 1;
			for (int round = 1; round < ROUNDS; round++) {
				struct outcome next = execute(at, round);
				rounds += !memcmp(&first, &next, sizeof first);
			}
			say("did %s rax=%ld rcx=%ld signal=%ld code=%ld address=%ld rip=%ld rounds=%d", all[at].name, first.rax,
			    first.rcx, first.signal, first.code, first.address, first.rip, rounds);
		}
		say("done");
	}
	return 0;
}
