/*
 * Two threads on one processor that add to one counter in restartable sequences (rseq(2)), without any lock: whoever is
 * interrupted must begin anew at the abort handler, or an addition of the other thread is lost. The first thread is one of
 * them; a third one answers. Says `ready`, or `no rseq`; at `report` answers `added=N aborted=N lost=N`.
 */
#include "program.h"
#include <pthread.h>
#include <sched.h>
#include <sys/rseq.h>

/*
 * Both: 1 when `counter` has been incremented, 0 when interrupted in between. `add` enters its sequence by itself;
 * `add_within` is a sequence from its first instruction on, entered by the caller.
 */
u64 add(struct rseq *rseq, volatile u64 *counter, u64 delay);
u64 add_within(struct rseq *rseq, volatile u64 *counter, u64 delay);
extern char within_sequence[32];

#define SIGNATURE ".byte 0x0f, 0xb9, 0x3d\n .long 0x53053053\n"
#define RECORD(name)                                                                                                   \
	".balign 32\n" name ": .long 0, 0\n .quad .L" name "_start, .L" name "_commit - .L" name "_start, .L" name "_abort\n"
#define BODY                                                                                                           \
	"mov (%rsi), %rax\n"                                                                                           \
	"1: dec %rdx\n"                                                                                                \
	"jnz 1b\n"                                                                                                     \
	"inc %rax\n"                                                                                                   \
	"mov %rax, (%rsi)\n"

asm(".pushsection __rseq_cs, \"aw\"\n" RECORD("add_sequence") ".popsection\n"
    ".data\n .globl within_sequence\n" RECORD("within_sequence")
    ".text\n .globl add, add_within\n"
    ".type add, @function\n"
    "add: lea add_sequence(%rip), %rax\n"
    "mov %rax, 8(%rdi)\n"
    ".Ladd_sequence_start:\n" BODY
    ".Ladd_sequence_commit: movq $0, 8(%rdi)\n"
    "mov $1, %eax\n"
    "ret\n" SIGNATURE
    ".Ladd_sequence_abort: xor %eax, %eax\n"
    "ret\n"
    ".size add, . - add\n"
    ".type add_within, @function\n"
    "add_within:\n"
    ".Lwithin_sequence_start:\n" BODY
    ".Lwithin_sequence_commit: movq $0, 8(%rdi)\n"
    "mov $1, %eax\n"
    "ret\n" SIGNATURE
    ".Lwithin_sequence_abort: xor %eax, %eax\n"
    "ret\n"
    ".size add_within, . - add_within\n");

static volatile u64 counter;
static u64 added[2], aborted[2];
static volatile int pausing, paused;

static struct rseq *own_rseq(void)
{
	return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

OWN_FUNCTION u64 add_either(struct rseq *rseq, u64 round)
{
	if (round & 1)
		return add(rseq, &counter, 20000);
	rseq->rseq_cs = (u64)within_sequence;
	return add_within(rseq, &counter, 20000);
}

static void add_for_ever(long me)
{
	struct rseq *rseq = own_rseq();
	for (u64 round = 0;; round++) {
		if (add_either(rseq, round))
			added[me]++;
		else
			aborted[me]++;
		if (!pausing)
			continue;
		__atomic_add_fetch(&paused, 1, __ATOMIC_SEQ_CST);
		while (pausing)
			usleep(100);
		__atomic_sub_fetch(&paused, 1, __ATOMIC_SEQ_CST);
	}
}

static void *run_second(void *unused)
{
	(void)unused;
	add_for_ever(1);
	return NULL;
}

static void report(void)
{
	pausing = 1;
	while (paused < 2)
		usleep(100);
	u64 sum = added[0] + added[1];
	say("added=%lu aborted=%lu lost=%ld", sum, aborted[0] + aborted[1], (long)(sum - counter));
	pausing = 0;
	while (paused > 0)
		usleep(100);
}

static void *run_answers(void *unused)
{
	char command[64];
	(void)unused;
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		if (!strcmp(command, "report"))
			report();
	_exit(0);
}

int main(void)
{
	pthread_t id;
	cpu_set_t one;
	if (__rseq_size == 0) {
		say("no rseq");
		return 0;
	}
	if (pthread_create(&id, NULL, run_answers, NULL))
		return 2;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof one, &one);
	if (pthread_create(&id, NULL, run_second, NULL))
		return 2;
	add_for_ever(0);
}
