/*
 * Functions that return, and functions that do not. Says `ready`; answers each command with what has been called and what has
 * returned: `NAME called=N returned=N`.
 *   deep N      recursion to depth N
 *   leap N      N calls, of which every third returns and the others are left by longjmp
 *   leave N     N threads, each of which ends in pthread_exit amid three calls
 *   signal N    N calls, each interrupted by a signal handler on a stack of its own that makes the same call
 *   switch N    N calls on each of two stacks, begun and ended in turns
 *   migrate N   N calls on a stack of their own, begun by one thread and ended by another
 *   split N     N calls that fork, and return in parent and child; the parent counts
 *   nap N       a call that sleeps for N ms, and calls itself once, which does so too
 *   wait        a call that returns at the next line
 */
#include "program.h"
#include <pthread.h>
#include <setjmp.h>
#include <sys/wait.h>
#include <ucontext.h>

#define SEEN __asm__ volatile("" ::: "memory")

static long called, returned;

static long done(long value)
{
	__atomic_add_fetch(&returned, 1, __ATOMIC_RELAXED);
	return value;
}

static void begun(void)
{
	__atomic_add_fetch(&called, 1, __ATOMIC_RELAXED);
}

OWN_FUNCTION long deep(long depth)
{
	begun();
	long below = depth <= 1 ? 0 : deep(depth - 1);
	SEEN;
	return done(below + 1);
}

static void deep_once(long depth)
{
	deep(depth);
}

static jmp_buf ledge;

OWN_FUNCTION long leap(long number)
{
	begun();
	if (number % 3 != 0)
		longjmp(ledge, 1);
	return done(number);
}

static void leap_all(long count)
{
	for (volatile long i = 0; i < count; i++)
		if (setjmp(ledge) == 0)
			leap(i);
}

OWN_FUNCTION long leave(long depth)
{
	begun();
	if (depth == 0)
		pthread_exit(NULL);
	long below = leave(depth - 1);
	SEEN;
	return done(below);
}

static void *leaving(void *unused)
{
	leave(2);
	return unused;
}

static void leave_all(long count)
{
	for (long i = 0; i < count; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, leaving, NULL) != 0)
			_exit(4);
		pthread_join(thread, NULL);
	}
}

OWN_FUNCTION long interrupted(long again)
{
	begun();
	if (again)
		raise(SIGUSR1);
	SEEN;
	return done(again);
}

static void on_signal(int number)
{
	(void)number;
	interrupted(0);
}

static void signal_all(long count)
{
	static char other[65536];
	stack_t stack = { .ss_sp = other, .ss_size = sizeof other };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (long i = 0; i < count; i++)
		interrupted(1);
}

static ucontext_t first, second;

OWN_FUNCTION long change(ucontext_t *from, ucontext_t *to)
{
	begun();
	swapcontext(from, to);
	SEEN;
	return done(1);
}

static void other_side(void)
{
	for (;;)
		change(&second, &first);
}

static void switch_all(long count)
{
	static char stack[65536];
	getcontext(&second);
	second.uc_stack.ss_sp = stack;
	second.uc_stack.ss_size = sizeof stack;
	makecontext(&second, other_side, 0);
	for (long i = 0; i < count; i++)
		change(&first, &second);
}

static ucontext_t traveller, host;

OWN_FUNCTION long hop(void)
{
	begun();
	swapcontext(&traveller, &host);
	SEEN;
	return done(1);
}

static void travelling(void)
{
	for (;;) {
		hop();
		swapcontext(&traveller, &host);
	}
}

static void *resume(void *unused)
{
	swapcontext(&host, &traveller);
	return unused;
}

static void migrate_all(long count)
{
	static char stack[65536];
	getcontext(&traveller);
	traveller.uc_stack.ss_sp = stack;
	traveller.uc_stack.ss_size = sizeof stack;
	makecontext(&traveller, travelling, 0);
	for (long i = 0; i < count; i++) {
		pthread_t thread;
		resume(NULL);
		if (pthread_create(&thread, NULL, resume, NULL) != 0)
			_exit(4);
		pthread_join(thread, NULL);
	}
}

OWN_FUNCTION long split(void)
{
	begun();
	pid_t child = fork();
	SEEN;
	return child == 0 ? 0 : done(child);
}

static void split_all(long count)
{
	for (long i = 0; i < count; i++) {
		long child = split();
		if (child == 0) {
			split();
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
}

OWN_FUNCTION long nap(long again, long ms)
{
	begun();
	usleep(ms * 1000);
	if (again)
		nap(0, ms);
	SEEN;
	return done(ms);
}

static void nap_twice(long ms)
{
	nap(1, ms);
}

OWN_FUNCTION long await_line(void)
{
	char line[16];
	begun();
	say("waiting");
	next_command(line, sizeof line);
	return done(strlen(line));
}

static void await(long count)
{
	(void)count;
	await_line();
}

static const struct {
	const char *name;
	void (*run)(long count);
} commands[] = {
	{ "deep", deep_once }, { "leap", leap_all }, { "leave", leave_all }, { "signal", signal_all }, { "switch", switch_all }, { "migrate", migrate_all }, { "split", split_all }, { "nap", nap_twice }, { "wait", await },
};

static void obey(const char *name, long count)
{
	called = returned = 0;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(name, commands[i].name))
			commands[i].run(count);
	say("%s called=%ld returned=%ld", name, called, returned);
}

int main(void)
{
	char line[64], name[32];
	say("ready");
	while (next_command(line, sizeof line)) {
		long count = 0;
		if (sscanf(line, "%31s %ld", name, &count) < 1)
			continue;
		if (!strcmp(name, "quit"))
			break;
		obey(name, count);
	}
	return 0;
}
