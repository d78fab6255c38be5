/*
 * A thread in epoll_wait and semop that gets signals which it ignores, all the time: none of its calls may end for one.
 * At `report` it says how many calls came back, and how many of these with EINTR.
 */
#include "program.h"
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/sem.h>

static const int ignored[] = {SIGWINCH, SIGCHLD, SIGURG, SIGUSR1};
static volatile long waits, interrupted, sent;
static int set;

OWN_FUNCTION void note(int result)
{
	waits++;
	if (result == -1 && errno == EINTR)
		interrupted++;
}

static void *run_epoll(void *unused)
{
	(void)unused;
	struct epoll_event event;
	int poller = epoll_create1(0);
	for (;;)
		note(epoll_wait(poller, &event, 1, 20));
}

static void *run_semaphore(void *unused)
{
	(void)unused;
	struct sembuf take = {0, -1, 0};
	struct timespec brief = {0, 20000000};
	for (;;)
		note(semtimedop(set, &take, 1, &brief));
}

static pthread_t waiters[2];

static void *send_signals(void *unused)
{
	(void)unused;
	for (unsigned n = 0;; n++) {
		for (unsigned i = 0; i < 2; i++)
			pthread_kill(waiters[i], ignored[n % 4]);
		sent++;
		usleep(300);
	}
}

int main(void)
{
	pthread_t sender;
	char command[64];
	signal(SIGUSR1, SIG_IGN);
	set = semget(IPC_PRIVATE, 1, 0600);
	pthread_create(&waiters[0], NULL, run_epoll, NULL);
	pthread_create(&waiters[1], NULL, run_semaphore, NULL);
	pthread_create(&sender, NULL, send_signals, NULL);
	say("ready");
	while (next_command(command, sizeof command))
		say("waits=%ld interrupted=%ld sent=%ld", waits, interrupted, sent);
	semctl(set, 0, IPC_RMID);
	return 0;
}
