/*
 * A second process lives in the same memory: clone(CLONE_VM) without CLONE_THREAD. Says `ready CHILD`; at `report`
 * answers `rounds=N wrong=0`, the rounds of the child.
 */
#include "program.h"
#include <sched.h>
#include <sys/prctl.h>

static char child_stack[256 * 1024] __attribute__((aligned(16)));
static volatile u64 rounds, wrong;

OWN_FUNCTION u64 work(u64 n)
{
	return (n * 3 + 7) ^ n;
}

/* Shares the parent's thread pointer as well, so it calls nothing of libc that would use it. */
static int run_child(void *unused)
{
	(void)unused;
	struct timespec nap = {0, 1000000};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (u64 n = 0;; n++) {
		wrong += work(n) != ((n * 3 + 7) ^ n);
		rounds++;
		nanosleep(&nap, NULL);
	}
	return 0;
}

int main(void)
{
	char command[64];
	int child = clone(run_child, child_stack + sizeof child_stack, CLONE_VM | SIGCHLD, NULL);
	if (child < 0)
		return 2;
	say("ready %d", child);
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		if (!strcmp(command, "report"))
			say("rounds=%lu wrong=%lu", rounds, wrong);
	kill(child, SIGKILL);
	return 0;
}
