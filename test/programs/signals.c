/*
 * Threads that call `work` and `deeper` while timers interrupt them, at any instruction, with a handler that calls the
 * same functions. Says `ready`; at `report` answers `rounds=N handled=N wrong=0`; `stop` ends the timers and answers
 * `counted work=N deeper=N handled=N wrong=0` for the whole run.
 *   --threads T     default 2
 *   --period US     default 100: time between two signals per thread
 *   --altstack 1    the handler runs on an alternate stack hardly larger than the kernel's minimum
 */
#include "program.h"
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#define MAX_THREADS 64
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static u64 works[MAX_THREADS], deepers[MAX_THREADS], handled[MAX_THREADS], wrongs[MAX_THREADS];
static __thread long me;
static long use_altstack, period_us, threads;
static volatile int ending;

OWN_FUNCTION u64 work(u64 n)
{
	return (n * 3 + 7) ^ n;
}

OWN_FUNCTION u64 deeper(u64 n)
{
	volatile u64 local[6] = {n, n + 1, n + 2, n + 3, n + 4, n + 5};
	return work(n) + local[0] + local[5];
}

static u64 expected(u64 n)
{
	return ((n * 3 + 7) ^ n) + n + n + 5;
}

static void on_timer(int signal)
{
	(void)signal;
	int error = errno;
	u64 n = handled[me];
	__atomic_fetch_add(&wrongs[me], deeper(n) != expected(n), __ATOMIC_RELAXED);
	handled[me] = n + 1;
	errno = error;
}

static timer_t start_timer(void)
{
	timer_t timer;
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	event.sigev_notify_thread_id = syscall(SYS_gettid);
	struct itimerspec times = {{0, period_us * 1000}, {0, period_us * 1000}};
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &times, NULL))
		_exit(2);
	return timer;
}

static void use_small_stack(void)
{
	/* The kernel's figure leaves out the red zone, the alignment and whatever the handler itself needs. */
	size_t size = getauxval(AT_MINSIGSTKSZ) + 1024;
	stack_t stack = {.ss_sp = malloc(size), .ss_size = size};
	if (sigaltstack(&stack, NULL))
		_exit(2);
}

static void *run_worker(void *number)
{
	me = (long)number;
	if (use_altstack)
		use_small_stack();
	timer_t timer = start_timer();
	for (u64 n = 0; !ending; n++) {
		__atomic_fetch_add(&wrongs[me], work(n) != ((n * 3 + 7) ^ n), __ATOMIC_RELAXED);
		__atomic_fetch_add(&wrongs[me], deeper(n) != expected(n), __ATOMIC_RELAXED);
		works[me]++;
		deepers[me]++;
		if (n % 65536 == 0)
			sched_yield();
	}
	timer_delete(timer);
	return NULL;
}

static u64 sum(const u64 *each)
{
	u64 all = 0;
	for (long i = 0; i < threads; i++)
		all += each[i];
	return all;
}

int main(int argc, char **argv)
{
	char command[64];
	pthread_t ids[MAX_THREADS];
	use_altstack = option(argc, argv, "--altstack", 0);
	period_us = option(argc, argv, "--period", 100);
	threads = option(argc, argv, "--threads", 2);
	struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART | (use_altstack ? SA_ONSTACK : 0)};
	sigaction(SIGUSR1, &action, NULL);
	say("ready");
	if (!next_command(command, sizeof command) || strcmp(command, "go"))
		return 0;
	for (long i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, run_worker, (void *)i);
	say("going");
	while (next_command(command, sizeof command) && !strcmp(command, "report"))
		say("rounds=%lu handled=%lu wrong=%lu", sum(works), sum(handled), sum(wrongs));
	ending = 1;
	for (long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	/* `deeper` calls `work` once. */
	u64 deep = sum(deepers) + sum(handled);
	say("counted work=%lu deeper=%lu handled=%lu wrong=%lu", sum(works) + deep, deep, sum(handled), sum(wrongs));
	next_command(command, sizeof command);
	return 0;
}
