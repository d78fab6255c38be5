/*
 * Leaves without warning: `--after MS` milliseconds after `go` it execs itself (`--exec 1`; from another thread than the
 * first with `--exec 2`), exits, or kills itself (`--kill 1`), while threads are busy. Says `ready` at the start and after
 * each exec.
 */
#include "program.h"
#include <pthread.h>

static volatile u64 sink;
static char **arguments;
static volatile int exec_now;

OWN_FUNCTION u64 work(u64 n)
{
	return (n * 3 + 7) ^ n;
}

static void *run_worker(void *number)
{
	for (u64 n = 0;; n++) {
		sink = work(n);
		if (exec_now && (long)number == 2)
			execv("/proc/self/exe", arguments);
		if (n % 4096 == 0)
			usleep(100);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	char command[64];
	pthread_t id;
	arguments = argv;
	for (long i = 0; i < 4; i++)
		pthread_create(&id, NULL, run_worker, (void *)i);
	say("ready");
	if (!next_command(command, sizeof command) || strcmp(command, "go"))
		return 0;
	usleep(option(argc, argv, "--after", 10) * 1000);
	long exec = option(argc, argv, "--exec", 0);
	if (exec == 1)
		execv("/proc/self/exe", argv);
	exec_now = exec == 2;
	while (exec_now)
		pause();
	if (option(argc, argv, "--kill", 0))
		kill(getpid(), SIGKILL);
	exit(0);
}
