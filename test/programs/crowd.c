/*
 * Sixteen threads in one function at once. At `run MS` they call it for so long, while queued signals are sent to them,
 * bytes come through pipes to them, and children are forked that call it, too; then the answer is
 *   counted site=N wrong=N sent=N handled=N interrupted=N children=N
 * calls (children's not among them), wrong results, signals sent and handled, calls that ended with EINTR although the
 * handler asks for restarts, and children that failed. `quit` ends it.
 */
#include "program.h"
#include <pthread.h>
#include <sys/wait.h>

#define THREADS 16
#define BATCH 20

static struct {
	_Alignas(64) volatile long calls, wrong, interrupted;
	volatile long handled;
	int pipe[2];
	pthread_t id;
} threads[THREADS];
static __thread long self;
static volatile int over;

OWN_FUNCTION u64 site(u64 n)
{
	return (n * 3 + 7) ^ n;
}

static void call_some(int count)
{
	for (int n = 0; n < count; n++) {
		threads[self].calls++;
		if (site(n) != (((u64)n * 3 + 7) ^ (u64)n))
			threads[self].wrong++;
	}
}

static void on_signal(int signal)
{
	(void)signal;
	/* A thread that has only been born still counts as the first. */
	__atomic_add_fetch(&threads[self].handled, 1, __ATOMIC_RELAXED);
}

static void *run_thread(void *number)
{
	char byte;
	self = (long)number;
	while (!over) {
		call_some(BATCH);
		ssize_t got = read(threads[self].pipe[0], &byte, 1);
		if (got < 0 && errno == EINTR)
			threads[self].interrupted++;
	}
	return NULL;
}

/* A child has a copy of everything, and one thread. */
static int fork_fails(void)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		self = 0;
		threads[0].wrong = 0;
		call_some(BATCH);
		_exit(threads[0].wrong != 0);
	}
	return child < 0 || waitpid(child, &status, 0) != child || status != 0;
}

static void run(long milliseconds)
{
	long sent = 0, failed = 0, calls = 0, wrong = 0, handled = 0, interrupted = 0;
	u64 end = now_ns() + milliseconds * 1000000ull;
	over = 0;
	for (long i = 0; i < THREADS; i++) {
		threads[i].calls = threads[i].wrong = threads[i].handled = threads[i].interrupted = 0;
		if (pipe(threads[i].pipe))
			exit(3);
		pthread_create(&threads[i].id, NULL, run_thread, (void *)i);
	}
	for (u64 round = 0; now_ns() < end; round++) {
		for (int i = 0; i < THREADS; i++) {
			if (round % 3 == 0)
				sent += pthread_sigqueue(threads[i].id, SIGRTMIN + 3, (union sigval){0}) == 0;
			if (write(threads[i].pipe[1], "x", 1) != 1)
				exit(3);
		}
		if (round % 20 == 0)
			failed += fork_fails();
		usleep(2000);
	}
	over = 1;
	for (int i = 0; i < THREADS; i++)
		close(threads[i].pipe[1]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i].id, NULL);
		close(threads[i].pipe[0]);
		calls += threads[i].calls;
		wrong += threads[i].wrong;
		handled += threads[i].handled;
		interrupted += threads[i].interrupted;
	}
	say("counted site=%ld wrong=%ld sent=%ld handled=%ld interrupted=%ld children=%ld", calls, wrong, sent, handled,
	    interrupted, failed);
}

int main(void)
{
	char command[64];
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigaction(SIGRTMIN + 3, &action, NULL);
	say("ready");
	while (next_command(command, sizeof command) && strncmp(command, "run ", 4) == 0)
		run(atol(command + 4));
	return 0;
}
