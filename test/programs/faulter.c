/*
 * --threads N threads, and with --main 1 the first one too, make a fault of their own, one after the other, and call a function in its handler and behind it. Says
 * `ready`, and answers every line with `made FAULTS wrong=N`: faults that were not handled as they should.
 */
#include "program.h"
#include <pthread.h>
#include <sys/mman.h>

static __thread char *page;
static u64 faults, wrong;

OWN_FUNCTION long hot(long n)
{
	asm volatile("" : "+r"(n));
	return 3 * n + 1;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	__atomic_add_fetch(&wrong, info->si_addr != page || hot(1) != 4, __ATOMIC_RELAXED);
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void *run(void *nothing)
{
	page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (;;) {
		mprotect(page, 4096, PROT_NONE);
		*(volatile char *)page = 1;
		__atomic_add_fetch(&wrong, hot(2) != 7, __ATOMIC_RELAXED);
		__atomic_add_fetch(&faults, 1, __ATOMIC_RELAXED);
	}
	return nothing;
}

static void *answer(void *nothing)
{
	char command[64];
	while (next_command(command, sizeof command))
		say("made %lu wrong=%lu", faults, wrong);
	exit(0);
	return nothing;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	pthread_t made;
	sigaction(SIGSEGV, &action, NULL);
	for (long i = option(argc, argv, "--threads", 2); i > 0; i--)
		pthread_create(&made, NULL, run, NULL);
	say("ready");
	if (option(argc, argv, "--main", 0)) {
		pthread_create(&made, NULL, answer, NULL);
		run(NULL);
	}
	answer(NULL);
}
