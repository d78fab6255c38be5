/*
 * Calls of every shape, always the same. Says `ready`; `go` calls `root` and `crooked` once and answers `done`; `threads N` calls
 * `root` in N threads at a time, 100 times each; `quit` ends it.
 */
#include "program.h"
#include <pthread.h>
#include <setjmp.h>

/* Room for a jump where a function begins, and where it returns. */
#define WORK(n) \
	for (volatile long left = (n); left > 0; left--) \
		;

OWN_FUNCTION long leaf(long n)
{
	WORK(3)
	return n + 1;
}

OWN_FUNCTION long deep(long n)
{
	WORK(3)
	return n == 0 ? leaf(n) : deep(n - 1) + n;
}

OWN_FUNCTION long odd(long n);

OWN_FUNCTION long even(long n)
{
	WORK(3)
	long below = n == 0 ? 0 : odd(n - 1);
	WORK(2)
	return below + 1;
}

OWN_FUNCTION long odd(long n)
{
	WORK(3)
	long below = n == 0 ? 0 : even(n - 1);
	WORK(2)
	return below + 2;
}

/* Jumps to the other, which returns in its place. */
OWN_FUNCTION long jumps(long n)
{
	WORK(3)
	long first = leaf(n);
	return leaf(first * 2);
}

static long (*const table[])(long) = {leaf, even, jumps};

/* Jumps to where a pointer leads. */
OWN_FUNCTION long jumps_by_pointer(long n)
{
	WORK(3)
	leaf(n);
	return table[n % 3](n);
}

OWN_FUNCTION long by_pointer(long n)
{
	long sum = 0;
	for (int at = 0; at < 3; at++)
		sum += table[at](n);
	WORK(3)
	return sum;
}

OWN_FUNCTION long leaps(long n, jmp_buf *to)
{
	WORK(3)
	leaf(n);
	if (to != NULL)
		longjmp(*to, 1);
	WORK(2)
	return n;
}

OWN_FUNCTION long catches(long n)
{
	jmp_buf here;
	volatile long sum = leaps(n, NULL);
	if (setjmp(here) == 0)
		sum += leaps(n, &here);
	sum += leaf(n);
	WORK(2)
	return sum;
}

OWN_FUNCTION long root(long n)
{
	long sum = jumps(n) + leaf(n);
	sum += deep(3) + even(4);
	sum += by_pointer(n);
	WORK(3)
	return sum;
}

/* What other tools lose track of. */
OWN_FUNCTION long crooked(long n)
{
	long sum = jumps_by_pointer(n) + jumps_by_pointer(n + 2) + catches(n);
	WORK(3)
	return sum;
}

static volatile long total;

static void *call_often(void *unused)
{
	(void)unused;
	for (int n = 0; n < 100; n++)
		total += root(1);
	return NULL;
}

static void call_in_threads(long count)
{
	pthread_t threads[64];
	for (long at = 0; at < count; at++)
		pthread_create(&threads[at], NULL, call_often, NULL);
	for (long at = 0; at < count; at++)
		pthread_join(threads[at], NULL);
}

int main(void)
{
	char command[64];
	long count;
	say("ready");
	while (next_command(command, sizeof command)) {
		if (strcmp(command, "go") == 0)
			total += root(1) + crooked(1);
		else if (sscanf(command, "threads %ld", &count) == 1 && count <= 64)
			call_in_threads(count);
		else if (strcmp(command, "quit") == 0)
			return 0;
		say("done");
	}
	return 0;
}
