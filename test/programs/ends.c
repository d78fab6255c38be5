/*
 * Ends at once, in the way that its first argument names, behind as many calls of `work` as the second says: `return` from main,
 * `exit` in a thread, `_exit`, `abort`, or `fork`: children that end by `_exit`, one after the other, before main returns.
 */
#include "program.h"
#include <pthread.h>
#include <sys/wait.h>

OWN_FUNCTION long work(long n)
{
	__asm__ volatile("" ::: "memory");
	return n + 1;
}

static long calls;

static void call_all(void)
{
	volatile long sum = 0;
	for (long n = 0; n < calls; n++)
		sum = work(n);
	(void)sum;
}

static void *end_all(void *unused)
{
	(void)unused;
	call_all();
	exit(5);
}

static void fork_all(void)
{
	for (int n = 0; n < 20; n++) {
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
	}
}

int main(int count, char **arguments)
{
	const char *way = count > 1 ? arguments[1] : "return";
	calls = count > 2 ? atol(arguments[2]) : 1000;
	if (strcmp(way, "exit") == 0) {
		pthread_t thread;
		pthread_create(&thread, NULL, end_all, NULL);
		pthread_join(thread, NULL);
	}
	call_all();
	if (strcmp(way, "fork") == 0)
		fork_all();
	if (strcmp(way, "abort") == 0)
		abort();
	if (strcmp(way, "_exit") == 0)
		_exit(5);
	return 5;
}
