/*
 * Threads that do arithmetic and library calls without a pause and check every result. Says `ready`; at `report`
 * answers `rounds=N wrong=0`, at `handled` how often SIGUSR1 came (`handled=N`); `quit` ends it.
 *   --threads T   default 4
 *   --nap US      a pause of US microseconds after each round, to leave the machine to others
 */
#include "program.h"
#include <pthread.h>

static u64 rounds, wrong;
static u64 handled;
static long nap_us;

static void on_signal(int signal)
{
	(void)signal;
	__atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
}

/* Functions of different shapes: short, long, with a branch, with a loop, with a tail call, with a call at the start. */
#define SHAPES(n)                                                                                                      \
	OWN_FUNCTION u64 add_##n(u64 x) { return x + n; }                                                              \
	OWN_FUNCTION u64 branch_##n(u64 x) { return x & 1 ? add_##n(x) ^ n : x * (n + 3); }                            \
	OWN_FUNCTION u64 loop_##n(u64 x)                                                                               \
	{                                                                                                              \
		u64 sum = 0;                                                                                           \
		for (u64 i = 0; i < (x & 7) + 1; i++)                                                                  \
			sum += branch_##n(x + i);                                                                      \
		return sum;                                                                                            \
	}                                                                                                              \
	OWN_FUNCTION u64 tail_##n(u64 x) { return loop_##n(x * 2654435761u); }                                         \
	OWN_FUNCTION double real_##n(double x) { return x * n + 0.5; }

static inline u64 expected_loop(u64 n, u64 x)
{
	u64 sum = 0;
	for (u64 i = 0; i < (x & 7) + 1; i++)
		sum += (x + i) & 1 ? (x + i + n) ^ n : (x + i) * (n + 3);
	return sum;
}

#define EACH(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15) DO(16)

EACH(SHAPES)

OWN_FUNCTION u64 check_arithmetic(u64 seed)
{
	u64 bad = 0;
	double real = (double)(seed & 0xffff);
#define CHECK(n)                                                                                                       \
	bad += tail_##n(seed) != expected_loop(n, seed * 2654435761u);                                                 \
	bad += real_##n(real) != real * n + 0.5;
	EACH(CHECK)
	return bad;
}

static int by_value(const void *a, const void *b)
{
	const u64 *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

OWN_FUNCTION u64 check_sorting(u64 seed)
{
	enum { COUNT = 64 };
	u64 *values = malloc(COUNT * sizeof *values), sum = 0, sorted_sum = 0, bad = 0;
	for (int i = 0; i < COUNT; i++)
		sum += values[i] = (seed = seed * 6364136223846793005ull + 1442695040888963407ull) >> 33;
	qsort(values, COUNT, sizeof *values, by_value);
	for (int i = 0; i < COUNT; i++) {
		sorted_sum += values[i];
		bad += i > 0 && values[i - 1] > values[i];
	}
	free(values);
	return bad + (sum != sorted_sum);
}

OWN_FUNCTION u64 check_text(u64 seed)
{
	char text[64], copy[64];
	int length = snprintf(text, sizeof text, "%lu-%08lx-%s", seed & 0xffffff, seed >> 40, "tail");
	memcpy(copy, text, length + 1);
	u64 bad = strtoul(copy, NULL, 10) != (seed & 0xffffff);
	bad += strlen(copy) != (size_t)length || strcmp(text, copy) != 0;
	return bad + (strstr(copy, "tail") != copy + length - 4);
}

static void *run_worker(void *number)
{
	u64 seed = (u64)number * 88172645463325252ull + 1;
	for (;;) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		u64 bad = check_arithmetic(seed) + check_sorting(seed) + check_text(seed);
		if (bad)
			__atomic_add_fetch(&wrong, bad, __ATOMIC_RELAXED);
		__atomic_add_fetch(&rounds, 1, __ATOMIC_RELAXED);
		if (nap_us)
			usleep(nap_us);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	char command[64];
	pthread_t id;
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &action, NULL);
	nap_us = option(argc, argv, "--nap", 0);
	for (long i = 1; i <= option(argc, argv, "--threads", 4); i++)
		if (pthread_create(&id, NULL, run_worker, (void *)i))
			return 2;
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		if (!strcmp(command, "report"))
			say("rounds=%lu wrong=%lu", __atomic_load_n(&rounds, __ATOMIC_RELAXED),
			    __atomic_load_n(&wrong, __ATOMIC_RELAXED));
		else if (!strcmp(command, "handled"))
			say("handled=%lu", __atomic_load_n(&handled, __ATOMIC_RELAXED));
	_exit(0);
}
