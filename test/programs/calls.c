/*
 * The reference for exact counts. Says `ready`; at each `go` it makes a known number of calls and answers
 * `counted work=N leaf=N recurse=N wrong=0 children=0`, the calls of this round; `quit` ends it.
 *   --threads T --calls N   T threads make N calls of each function
 *   --signals 1             a SIGALRM handler calls `work` too, every 200 µs
 *   --births B              B short-lived threads are born and make 100 calls each
 *   --forks F               F forked children call `work` as well; theirs are not to be counted
 *   --vforks V              V vfork children call `work` 10 times (counted: they share our memory), then exec
 *   --spawns S              S posix_spawns of /bin/true
 */
#include "program.h"
#include <pthread.h>
#include <spawn.h>
#include <sys/time.h>
#include <sys/wait.h>

struct tally {
	u64 work, leaf, recurse, wrong;
};

static struct tally total;
static u64 bad_children;
static long calls_per_thread;
static __thread volatile u64 calls_of_handler;
static __thread volatile u64 wrong_of_handler;

OWN_FUNCTION u64 work(u64 n)
{
	return (n * 3 + 7) ^ n;
}

/* Keeps its locals in the red zone: a probe that pushes without stepping over it breaks the sum. */
OWN_FUNCTION u64 leaf(u64 n)
{
	volatile u64 local[8];
	for (int i = 0; i < 8; i++)
		local[i] = n + i;
	u64 sum = 0;
	for (int i = 0; i < 8; i++)
		sum += local[i];
	return sum;
}

OWN_FUNCTION u64 recurse(u64 depth)
{
	if (depth == 0)
		return 0;
	volatile u64 below = recurse(depth - 1);
	return below + depth;
}

static void call_all(struct tally *tally, u64 n)
{
	u64 depth = n & 7;
	tally->wrong += work(n) != ((n * 3 + 7) ^ n);
	tally->wrong += leaf(n) != n * 8 + 28;
	tally->wrong += recurse(depth) != depth * (depth + 1) / 2;
	tally->work++;
	tally->leaf++;
	tally->recurse += depth + 1;
}

static void block_alarm(int how)
{
	sigset_t alarm_only;
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	pthread_sigmask(how, &alarm_only, NULL);
}

static void add_to_total(const struct tally *tally)
{
	block_alarm(SIG_BLOCK);
	__atomic_add_fetch(&total.work, tally->work + calls_of_handler, __ATOMIC_RELAXED);
	__atomic_add_fetch(&total.leaf, tally->leaf, __ATOMIC_RELAXED);
	__atomic_add_fetch(&total.recurse, tally->recurse, __ATOMIC_RELAXED);
	__atomic_add_fetch(&total.wrong, tally->wrong + wrong_of_handler, __ATOMIC_RELAXED);
	calls_of_handler = 0;
	wrong_of_handler = 0;
}

static void *run_thread(void *count)
{
	struct tally tally = {0};
	block_alarm(SIG_UNBLOCK);
	for (u64 n = 0; n < (u64)count; n++)
		call_all(&tally, n);
	add_to_total(&tally);
	return NULL;
}

static void on_alarm(int signal)
{
	(void)signal;
	u64 n = calls_of_handler;
	wrong_of_handler += work(n) != ((n * 3 + 7) ^ n);
	calls_of_handler = n + 1;
}

static void set_alarm(int microseconds)
{
	struct itimerval timer = {{0, microseconds}, {0, microseconds}};
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void reap(pid_t child)
{
	int status = -1;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	bad_children += status != 0;
}

static void run_forks(long forks)
{
	for (long i = 0; i < forks; i++) {
		pid_t child = fork();
		if (child == 0) {
			struct tally tally = {0};
			for (u64 n = 0; n < 1000; n++)
				call_all(&tally, n);
			_exit(tally.wrong != 0);
		}
		reap(child);
	}
}

/* The child runs in our memory until it execs, so its calls are ours. */
static pid_t vfork_one(volatile struct tally *tally)
{
	pid_t child = vfork();
	if (child != 0)
		return child;
	for (u64 n = 0; n < 10; n++) {
		tally->wrong += work(n) != ((n * 3 + 7) ^ n);
		tally->work++;
	}
	execl("/bin/true", "true", (char *)NULL);
	_exit(127);
}

static void run_vforks(long vforks)
{
	struct tally tally = {0};
	while (vforks-- > 0)
		reap(vfork_one(&tally));
	__atomic_add_fetch(&total.work, tally.work, __ATOMIC_RELAXED);
	__atomic_add_fetch(&total.wrong, tally.wrong, __ATOMIC_RELAXED);
}

static void run_spawns(long spawns)
{
	extern char **environ;
	char *arguments[] = {"true", NULL};
	for (long i = 0; i < spawns; i++) {
		pid_t child;
		if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ))
			bad_children++;
		else
			reap(child);
	}
}

static void run_births(long births)
{
	for (long i = 0; i < births; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, run_thread, (void *)100))
			bad_children++;
		else
			pthread_join(thread, NULL);
	}
}

static void run_round(int argc, char **argv)
{
	long threads = option(argc, argv, "--threads", 1);
	pthread_t ids[threads];
	memset(&total, 0, sizeof total);
	bad_children = 0;
	if (option(argc, argv, "--signals", 0))
		set_alarm(200);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, run_thread, (void *)calls_per_thread))
			exit(2);
	run_births(option(argc, argv, "--births", 0));
	run_forks(option(argc, argv, "--forks", 0));
	run_vforks(option(argc, argv, "--vforks", 0));
	run_spawns(option(argc, argv, "--spawns", 0));
	for (long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	set_alarm(0);
	say("counted work=%lu leaf=%lu recurse=%lu wrong=%lu children=%lu", total.work, total.leaf, total.recurse,
	    total.wrong, bad_children);
}

int main(int argc, char **argv)
{
	char command[64];
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	calls_per_thread = option(argc, argv, "--calls", 100000);
	/* The main thread never takes the alarm: its calls would belong to no tally. */
	block_alarm(SIG_BLOCK);
	sigaction(SIGALRM, &action, NULL);
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		if (!strcmp(command, "go"))
			run_round(argc, argv);
	return 0;
}
