/*
 * A chain of eleven calls, each with work of its own, whose last function calls `leaf` again and again. At `measure CALLS REPEATS`
 * it makes CALLS calls, REPEATS times, and answers `ns A B …`, the thread's own time for each call of each repeat.
 */
#include "program.h"

static u64 state;
static u64 wanted;

OWN_FUNCTION u64 step(u64 n)
{
	return n ^ state;
}

/* Begins with a push, as most functions do: the kernel's uprobes emulate that. */
OWN_FUNCTION u64 leaf(u64 n)
{
	state += step(n);
	return n * 3 + 1;
}

OWN_FUNCTION u64 loop(u64 n)
{
	u64 sum = n;
	for (u64 at = 0; at < wanted; at++)
		sum += leaf(at);
	return sum;
}

#define LINK(name, next) \
	OWN_FUNCTION u64 name(u64 n) \
	{ \
		u64 kept = n * state; \
		kept += next(n + 1); \
		state ^= kept; \
		return kept; \
	}

LINK(c10, loop)
LINK(c9, c10)
LINK(c8, c9)
LINK(c7, c8)
LINK(c6, c7)
LINK(c5, c6)
LINK(c4, c5)
LINK(c3, c4)
LINK(c2, c3)
LINK(c1, c2)

static double own_ns(void)
{
	struct timespec time;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(void)
{
	char command[64];
	u64 repeats;
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit")) {
		char answer[1024] = "ns";
		if (sscanf(command, "measure %lu %lu", &wanted, &repeats) != 2)
			return 2;
		for (u64 repeat = 0; repeat < repeats; repeat++) {
			double before = own_ns();
			c1(repeat);
			size_t length = strlen(answer);
			snprintf(answer + length, sizeof answer - length, " %.3f", (own_ns() - before) / wanted);
		}
		say("%s", answer);
	}
	return 0;
}
