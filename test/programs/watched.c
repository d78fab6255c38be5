/*
 * Executes known instructions and makes known accesses to memory a known number of times. Says `ready`; at `where`
 * answers `where NAME=ADDRESS …`; at each `go` it works and answers `counted NAME=N … wrong=0`, with a number for each
 * of those names: executions of an instruction, writes to a range, and `quad_accesses`, its reads and writes. At `wait`
 * reads a byte from stdin, with the system call at `waiting`, and answers `waited`. At `grow` says `growing`, and `grown`
 * when each of 400 threads has made the next; at the next `go` they work 2 rounds and end. `quit` ends it.
 *   --threads T --rounds N  T threads work N rounds
 *   --signals 1             SIGALRM every 200 µs
 *   --births B              while they do, a thread makes B threads, and each of those another; all of them work 10 rounds
 *   --forks F               F forked children work as well; what they do is not counted
 */
#include "program.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#define PAGE 4096
#define GROWN 400
#define STRING 65536

/* Neighbours are written, too, and must not count. */
static struct {
	volatile u64 before_quad;
	volatile u64 quad;
	volatile u64 after_quad;
	volatile uint32_t before_word, word;
	volatile uint16_t before_half, half, after_half, end_half;
	volatile uint8_t before_byte, byte, after_byte;
} watched __attribute__((aligned(64)));

extern const char middle[], repeat[], faulting[], after_syscall[], waiting[];
static u64 rounds_done, wrong;
static int zeros;
static long rounds_per_thread;

/* Executes the instruction at `middle` `times` times. */
OWN_FUNCTION u64 steps(u64 times)
{
	u64 sum = 0;
	asm volatile("1: add $3, %0\n"
	             "\t.globl middle\nmiddle: lea 1(%0), %0\n"
	             "\tdec %1\n\tjnz 1b"
	             : "+r"(sum), "+r"(times)::"cc");
	return sum;
}

static char *map(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? (exit(2), memory) : memory;
}

/* Every page of the string faults in the middle of the one instruction. */
static void fill(char *string)
{
	u64 length = STRING;
	madvise(string, STRING, MADV_DONTNEED);
	asm volatile("\t.globl repeat\nrepeat: rep stosb" : "+D"(string), "+c"(length) : "a"('x') : "memory");
}

static u64 fault(char *page)
{
	u64 byte;
	madvise(page, PAGE, MADV_DONTNEED);
	asm volatile("\t.globl faulting\nfaulting: movzbq (%1), %0" : "=r"(byte) : "r"(page) : "memory");
	return byte;
}

static long call_kernel(void)
{
	long result = 39; /* getpid */
	asm volatile("syscall\n\t.globl after_syscall\nafter_syscall: nop" : "+a"(result)::"rcx", "r11", "memory");
	return result;
}

/* The kernel restarts it after a signal. */
static long wait_for_byte(char *byte)
{
	long result = 0; /* read */
	asm volatile("\t.globl waiting\nwaiting: syscall"
	             : "+a"(result)
	             : "D"(0l), "S"(byte), "d"(1l)
	             : "rcx", "r11", "memory");
	return result;
}

/* Each statement is one instruction, which makes one access. */
static void access_all(void)
{
	u64 value;
	asm volatile("movb $1, %0" : "=m"(watched.byte));
	asm volatile("movb $1, %0" : "=m"(watched.before_byte));
	asm volatile("movb $1, %0" : "=m"(watched.after_byte));
	asm volatile("movw $1, %0" : "=m"(watched.half));
	asm volatile("movw $2, %0" : "=m"(watched.half));
	asm volatile("movw $1, %0" : "=m"(watched.before_half));
	asm volatile("movw $1, %0" : "=m"(watched.after_half));
	asm volatile("lock incl %0" : "+m"(watched.word)::"cc");
	asm volatile("movl $1, %0" : "=m"(watched.before_word));
	asm volatile("lock incq %0" : "+m"(watched.quad)::"cc");
	asm volatile("movb $1, %0" : "=m"(*((volatile char *)&watched.quad + 7)));
	asm volatile("movq $1, %0" : "=m"(*(volatile u64 *)((char *)&watched.quad - 4)));
	asm volatile("movq %1, %0" : "=r"(value) : "m"(watched.quad));
	asm volatile("movq %1, %0" : "=r"(value) : "m"(watched.quad));
	asm volatile("movq $1, %0" : "=m"(watched.before_quad));
	asm volatile("movq $1, %0" : "=m"(watched.after_quad));
}

static u64 work_rounds(long rounds)
{
	u64 bad = 0;
	char *string = map(STRING);
	char *page = map(PAGE);
	for (long i = 0; i < rounds; i++) {
		fill(string);
		bad += string[0] != 'x' || string[STRING - 1] != 'x';
		bad += steps(5) != 20;
		bad += fault(page) != 0;
		bad += call_kernel() != getpid();
		access_all();
		/* The kernel's own writes do not count. */
		bad += read(zeros, (void *)&watched.quad, 8) != 8;
	}
	munmap(page, PAGE);
	munmap(string, STRING);
	return bad;
}

static void *run_thread(void *rounds)
{
	u64 bad = work_rounds((long)rounds);
	__atomic_add_fetch(&rounds_done, (long)rounds, __ATOMIC_RELAXED);
	__atomic_add_fetch(&wrong, bad, __ATOMIC_RELAXED);
	return NULL;
}

static pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, run, argument))
		exit(2);
	return thread;
}

static void *bear_one(void *rounds)
{
	pthread_t child = start(run_thread, rounds);
	run_thread(rounds);
	pthread_join(child, NULL);
	return NULL;
}

static void *bear(void *births)
{
	for (long i = 0; i < (long)births; i++)
		pthread_join(start(bear_one, (void *)10), NULL);
	return NULL;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_t grown[GROWN];

/* Makes the next, and waits to be let in. */
static void *grow(void *index)
{
	long next = (long)index + 1;
	if (next < GROWN)
		grown[next] = start(grow, (void *)next);
	else
		say("grown");
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return run_thread((void *)2);
}

static void join_grown(void)
{
	if (!grown[0])
		return;
	pthread_mutex_unlock(&gate);
	for (long i = 0; i < GROWN; i++)
		pthread_join(grown[i], NULL);
	memset(grown, 0, sizeof grown);
}

static void run_forks(long forks)
{
	for (long i = 0; i < forks; i++) {
		int status = -1;
		pid_t child = fork();
		if (child == 0)
			_exit(work_rounds(10) != 0);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		wrong += status != 0;
	}
}

static void set_alarm(int microseconds)
{
	struct itimerval timer = {{0, microseconds}, {0, microseconds}};
	setitimer(ITIMER_REAL, &timer, NULL);
}

static volatile sig_atomic_t alarms;
static void on_alarm(int signal) { (void)signal, alarms++; }

static void run_round(int argc, char **argv)
{
	long threads = option(argc, argv, "--threads", 1);
	pthread_t ids[threads];
	rounds_done = wrong = 0;
	if (option(argc, argv, "--signals", 0))
		set_alarm(200);
	for (long i = 0; i < threads; i++)
		ids[i] = start(run_thread, (void *)rounds_per_thread);
	pthread_t bearer = start(bear, (void *)option(argc, argv, "--births", 0));
	run_forks(option(argc, argv, "--forks", 0));
	for (long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	pthread_join(bearer, NULL);
	join_grown();
	set_alarm(0);
	u64 n = rounds_done;
	say("counted steps=%lu middle=%lu repeat=%lu faulting=%lu after_syscall=%lu byte=%lu half=%lu word=%lu quad=%lu "
	    "quad_accesses=%lu wrong=%lu alarms=%d",
	    n, n * 5, n, n, n, n, n * 2, n, n * 3, n * 5, wrong, (int)alarms);
}

static void say_where(void)
{
	say("where steps=%p middle=%p repeat=%p faulting=%p after_syscall=%p waiting=%p byte=%p half=%p "
	    "word=%p quad=%p",
	    (void *)steps, (void *)middle, (void *)repeat, (void *)faulting, (void *)after_syscall, (void *)waiting,
	    (void *)&watched.byte, (void *)&watched.half, (void *)&watched.word, (void *)&watched.quad);
}

int main(int argc, char **argv)
{
	char command[64];
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	rounds_per_thread = option(argc, argv, "--rounds", 100);
	zeros = open("/dev/zero", O_RDONLY);
	sigaction(SIGALRM, &action, NULL);
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit")) {
		if (!strcmp(command, "where"))
			say_where();
		if (!strcmp(command, "wait"))
			say(wait_for_byte(command) == 1 ? "waited" : "did not wait");
		if (!strcmp(command, "grow")) {
			say("growing");
			pthread_mutex_lock(&gate);
			grown[0] = start(grow, (void *)0);
		}
		if (!strcmp(command, "go"))
			run_round(argc, argv);
	}
	return 0;
}
