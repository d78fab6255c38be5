/*
 * One thread sits in vfork, again and again, for `--milliseconds` each: it cannot be stopped meanwhile. Says `ready`
 * inside the first vfork; at `report` answers `vforks=N wrong=0`.
 */
#include "program.h"
#include <pthread.h>
#include <sys/wait.h>

static u64 vforks, wrong;
static volatile int inside;

OWN_FUNCTION u64 work(u64 n)
{
	return (n * 3 + 7) ^ n;
}

static pid_t vfork_for(const struct timespec *time)
{
	pid_t child = vfork();
	if (child != 0)
		return child;
	inside = 1;
	nanosleep(time, NULL);
	_exit(work(5) == ((5 * 3 + 7) ^ 5) ? 0 : 1);
}

static void *run_vforks(void *milliseconds)
{
	long ms = (long)milliseconds;
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};
	for (;;) {
		int status = -1;
		pid_t child = vfork_for(&time);
		wrong += waitpid(child, &status, 0) != child || status != 0;
		vforks++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	char command[64];
	pthread_t id;
	pthread_create(&id, NULL, run_vforks, (void *)option(argc, argv, "--milliseconds", 3000));
	while (!inside)
		usleep(1000);
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		if (!strcmp(command, "report"))
			say("vforks=%lu wrong=%lu", vforks, wrong);
	return 0;
}
