/*
 * Leaves without warning: `--after MS` milliseconds after `go` it execs itself (`--exec 1`), exits, or kills itself
 * (`--kill 1`), while threads are busy. Says `ready` at the start and after each exec.
 */
#include "program.h"
#include <pthread.h>

static volatile u64 sink;

OWN_FUNCTION u64 work(u64 n)
{
	return (n * 3 + 7) ^ n;
}

static void *run_worker(void *unused)
{
	(void)unused;
	for (u64 n = 0;; n++) {
		sink = work(n);
		if (n % 4096 == 0)
			usleep(100);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	char command[64];
	pthread_t id;
	for (int i = 0; i < 4; i++)
		pthread_create(&id, NULL, run_worker, NULL);
	say("ready");
	if (!next_command(command, sizeof command) || strcmp(command, "go"))
		return 0;
	usleep(option(argc, argv, "--after", 10) * 1000);
	if (option(argc, argv, "--exec", 0))
		execv("/proc/self/exe", argv);
	if (option(argc, argv, "--kill", 0))
		kill(getpid(), SIGKILL);
	exit(0);
}
