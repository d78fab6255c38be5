/*
 * Measures what a call costs. At `measure FUNCTION THREADS CALLS REPEATS` each thread makes CALLS calls, REPEATS times;
 * the answer is `ns N N N …`, nanoseconds per call of each repeat (the slowest thread's). FUNCTION is one of
 *   plain_K      begins with pushes, as most functions do
 *   lea_K        the same work, begins with an instruction that kernel uprobes must single-step
 *   compiled_K   plain_K with a thread-local counter compiled in, as gcc -O2 does it
 *   pair_K       the same with a counter where it begins and another one where it returns
 *   timed        plain_0, called between two readings of the time-stamp counter, and a histogram of what lies between them
 *   instrumented, bare   the same in C, with and without the instrumentation of the compiler (`-pg`)
 *   traced       the same with an event of LTTng-UST, if it is built WITH_LTTNG
 *   syscall      getppid
 * K is 0 to 3: the same code at four alignments, since alignment alone moves a loop by some tenths of a nanosecond.
 * At `offset FUNCTION` the answer is its offset in the file; `quit` ends it.
 */
#include "program.h"
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <x86intrin.h>
#ifdef WITH_LTTNG
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "call-event.h"
#endif

#define MAX_REPEATS 64
#define MAX_THREADS 16

typedef u64 (*function)(u64 n, u64 *scratch);

__thread u64 compiled_count, returned_count;

/* A body with stores and loads, so that a counter must compete for the store port as it does in real programs. */
asm(".intel_syntax noprefix\n"
    ".text\n"
    ".macro WORK\n"
    "	mov [rsi], rdi\n"
    "	mov [rsi+64], rax\n"
    "	mov rbx, [rsi+128]\n"
    "	mov [rsi+192], rbx\n"
    "	pop rbp\n"
    "	pop rbx\n"
    "	xor rax, rdi\n"
    ".endm\n"
    ".macro BEGIN name, skip\n"
    "	.p2align 6\n"
    "	.if \\skip\n"
    "	.skip \\skip\n"
    "	.endif\n"
    "	.globl \\name\n"
    "	.type \\name, @function\n"
    "\\name:\n"
    ".endm\n"
    ".macro COPIES number, skip\n"
    "BEGIN plain_\\number, \\skip\n"
    "	push rbx\n"
    "	push rbp\n"
    "	lea rax, [rdi+rdi*2]\n"
    "	add rax, 7\n"
    "	WORK\n"
    "	ret\n"
    "	.size plain_\\number, .-plain_\\number\n"
    "BEGIN lea_\\number, \\skip\n"
    "	lea rax, [rdi+rdi*2]\n"
    "	add rax, 7\n"
    "	push rbx\n"
    "	push rbp\n"
    "	WORK\n"
    "	ret\n"
    "	.size lea_\\number, .-lea_\\number\n"
    "BEGIN compiled_\\number, \\skip\n"
    "	add qword ptr fs:compiled_count@tpoff, 1\n"
    "	push rbx\n"
    "	push rbp\n"
    "	lea rax, [rdi+rdi*2]\n"
    "	add rax, 7\n"
    "	WORK\n"
    "	ret\n"
    "	.size compiled_\\number, .-compiled_\\number\n"
    "BEGIN pair_\\number, \\skip\n"
    "	add qword ptr fs:compiled_count@tpoff, 1\n"
    "	push rbx\n"
    "	push rbp\n"
    "	lea rax, [rdi+rdi*2]\n"
    "	add rax, 7\n"
    "	WORK\n"
    "	add qword ptr fs:returned_count@tpoff, 1\n"
    "	ret\n"
    "	.size pair_\\number, .-pair_\\number\n"
    ".endm\n"
    "COPIES 0, 0\n"
    "COPIES 1, 16\n"
    "COPIES 2, 32\n"
    "COPIES 3, 48\n"
    ".p2align 6\n"
    ".att_syntax\n");

#define DECLARE(k) extern u64 plain_##k(u64, u64 *), lea_##k(u64, u64 *), compiled_##k(u64, u64 *), pair_##k(u64, u64 *);
DECLARE(0) DECLARE(1) DECLARE(2) DECLARE(3)

OWN_FUNCTION __attribute__((aligned(64))) u64 instrumented(u64 n, u64 *scratch)
{
	scratch[0] = n;
	scratch[8] = n * 3 + 7;
	scratch[24] = scratch[16];
	return (n * 3 + 7) ^ n;
}

OWN_FUNCTION __attribute__((aligned(64), no_instrument_function)) u64 bare(u64 n, u64 *scratch)
{
	scratch[0] = n;
	scratch[8] = n * 3 + 7;
	scratch[24] = scratch[16];
	return (n * 3 + 7) ^ n;
}

#ifdef WITH_LTTNG
OWN_FUNCTION __attribute__((aligned(64))) u64 traced(u64 n, u64 *scratch)
{
	lttng_ust_tracepoint(call_cost, call, (long)n, (long)scratch);
	return bare(n, scratch);
}
#endif

#define BUCKET_BITS 4
static __thread u64 buckets[65 << BUCKET_BITS];

/* Buckets are a sixteenth of their values wide, as those of `ring3 latency`; of ticks, which need no multiplication. */
__attribute__((aligned(64), noinline, no_instrument_function)) static u64 timed(u64 n, u64 *scratch)
{
	u64 began = __rdtsc();
	u64 result = plain_0(n, scratch);
	u64 ticks = __rdtsc() - began;
	int power = 63 - __builtin_clzl(ticks | 1 << BUCKET_BITS) - BUCKET_BITS;
	buckets[(power << BUCKET_BITS) + (ticks >> power)]++;
	return result;
}

static u64 system_call(u64 n, u64 *scratch)
{
	(void)scratch;
	return n + syscall(SYS_getppid);
}

#define NAMED(name) {#name, name}
#define NAMED_COPIES(k) NAMED(plain_##k), NAMED(lea_##k), NAMED(compiled_##k), NAMED(pair_##k)

static const struct {
	const char *name;
	function call;
} functions[] = {NAMED_COPIES(0), NAMED_COPIES(1), NAMED_COPIES(2), NAMED_COPIES(3), NAMED(instrumented),
		 NAMED(bare),     NAMED(timed),
#ifdef WITH_LTTNG
		 NAMED(traced),
#endif
		 {"syscall", system_call}};

struct block {
	function call;
	long calls, repeats, number;
	pthread_barrier_t *barrier;
	double ns[MAX_REPEATS];
	u64 sum;
};

__attribute__((noinline, aligned(64), no_instrument_function)) static u64 call_in_loop(function call, long calls,
										       u64 *scratch)
{
	u64 sum = 0;
	for (long i = 0; i < calls; i++)
		sum += call(i, scratch);
	return sum;
}

__attribute__((no_instrument_function)) static void *run_block(void *argument)
{
	struct block *block = argument;
	u64 scratch[64] __attribute__((aligned(64))) = {0};
	cpu_set_t cpu;
	CPU_ZERO(&cpu);
	CPU_SET(block->number % sysconf(_SC_NPROCESSORS_ONLN), &cpu);
	sched_setaffinity(0, sizeof cpu, &cpu);
	for (long repeat = 0; repeat < block->repeats; repeat++) {
		pthread_barrier_wait(block->barrier);
		u64 began = now_ns();
		block->sum += call_in_loop(block->call, block->calls, scratch);
		block->ns[repeat] = (double)(now_ns() - began) / block->calls;
	}
	return NULL;
}

static void report(const struct block *blocks, long threads)
{
	char line[MAX_REPEATS * 16] = "ns";
	for (long repeat = 0; repeat < blocks[0].repeats; repeat++) {
		double slowest = 0;
		for (long i = 0; i < threads; i++)
			if (blocks[i].ns[repeat] > slowest)
				slowest = blocks[i].ns[repeat];
		sprintf(line + strlen(line), " %.4f", slowest);
	}
	say("%s", line);
}

static function find(const char *name)
{
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (!strcmp(functions[i].name, name))
			return functions[i].call;
	return NULL;
}

static void measure(function call, long threads, long calls, long repeats)
{
	struct block blocks[MAX_THREADS];
	pthread_t ids[MAX_THREADS];
	pthread_barrier_t barrier;
	pthread_barrier_init(&barrier, NULL, threads);
	for (long i = 0; i < threads; i++) {
		blocks[i] = (struct block){.call = call, .calls = calls, .repeats = repeats, .number = i, .barrier = &barrier};
		if (pthread_create(&ids[i], NULL, run_block, &blocks[i]))
			exit(2);
	}
	for (long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	report(blocks, threads);
}

/* Position in the file: what perf_event_open wants for a uprobe. */
static void say_offset(function call)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned long start, end, offset;
	while (maps && fgets(line, sizeof line, maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && start <= (u64)call && (u64)call < end)
			say("offset %lu", (u64)call - start + offset);
	if (maps)
		fclose(maps);
}

int main(void)
{
	char command[128], name[32];
	long threads, calls, repeats;
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit")) {
		int words = sscanf(command, "%*s %31s %ld %ld %ld", name, &threads, &calls, &repeats);
		function call = words >= 1 ? find(name) : NULL;
		if (!strncmp(command, "offset", 6) && call)
			say_offset(call);
		else if (words == 4 && call && threads <= MAX_THREADS && repeats <= MAX_REPEATS)
			measure(call, threads, calls, repeats);
		else
			say("error %s", command);
	}
	return 0;
}
