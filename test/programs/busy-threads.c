/*
 * Threads that sit in system calls. None of the calls may return early, with EINTR, or with a wrong result: no signal
 * is ever sent, so whatever is seen was caused from outside. Says `ready`; at `report` answers
 * `anomalies=N waits=M late=L`, after one line `anomaly KIND what errno` for each of the first 20; `quit` ends it.
 *   --threads T   default 32, spread over the kinds below
 */
#include "program.h"
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#define WAIT_MS 150
#define EARLY_NS 1500000ull
#define LATE_NS 400000000ull

struct worker {
	int number;
	int fd;      /* what the thread waits on */
	int feed_fd; /* where the feeder writes, or -1 */
	int queue;   /* System V queue or semaphore set */
	const char *kind;
};

static u64 anomalies, waits, late;
static volatile int ending;

static void anomaly(struct worker *w, const char *what)
{
	int error = errno;
	if (!ending && __atomic_add_fetch(&anomalies, 1, __ATOMIC_RELAXED) <= 20)
		say("anomaly %s %s errno=%d", w->kind, what, error);
}

static void check(struct worker *w, int good, const char *what)
{
	if (!good)
		anomaly(w, what);
}

static struct timespec after_ms(clockid_t clock, long ms)
{
	struct timespec t;
	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static const struct timespec wait_time = {0, WAIT_MS * 1000000};
static const struct timeval wait_timeval = {0, WAIT_MS * 1000};

/* ---- waits that end by their time-out ---- */
static void wait_nanosleep(struct worker *w) { check(w, nanosleep(&wait_time, NULL) == 0, "nanosleep"); }

static void wait_clock_nanosleep(struct worker *w)
{
	struct timespec until = after_ms(CLOCK_MONOTONIC, WAIT_MS);
	check(w, (errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL)) == 0, "clock_nanosleep");
}

static void wait_futex(struct worker *w)
{
	int word = 0;
	long got = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &wait_time, NULL, 0);
	check(w, got == -1 && errno == ETIMEDOUT, "futex");
}

static void wait_poll(struct worker *w)
{
	struct pollfd nothing = {w->fd, POLLIN, 0};
	check(w, poll(&nothing, 1, WAIT_MS) == 0, "poll");
}

static void wait_ppoll(struct worker *w)
{
	struct pollfd nothing = {w->fd, POLLIN, 0};
	sigset_t mask;
	sigemptyset(&mask);
	check(w, ppoll(&nothing, 1, &wait_time, &mask) == 0, "ppoll");
}

static void wait_select(struct worker *w)
{
	fd_set set;
	struct timeval time = wait_timeval;
	FD_ZERO(&set);
	FD_SET(w->fd, &set);
	check(w, select(w->fd + 1, &set, NULL, NULL, &time) == 0, "select");
}

static void wait_epoll(struct worker *w)
{
	struct epoll_event event;
	check(w, epoll_wait(w->fd, &event, 1, WAIT_MS) == 0, "epoll_wait");
}

static void wait_sigtimedwait(struct worker *w)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	check(w, sigtimedwait(&set, NULL, &wait_time) == -1 && errno == EAGAIN, "sigtimedwait");
}

static void wait_semtimedop(struct worker *w)
{
	struct sembuf take = {0, -1, 0};
	check(w, semtimedop(w->queue, &take, 1, &wait_time) == -1 && errno == EAGAIN, "semtimedop");
}

static void wait_recv_timeout(struct worker *w)
{
	char byte;
	check(w, recv(w->fd, &byte, 1, 0) == -1 && errno == EAGAIN, "recv SO_RCVTIMEO");
}

static void wait_send_timeout(struct worker *w)
{
	static const char block[65536];
	while (send(w->fd, block, sizeof block, MSG_DONTWAIT) > 0)
		;
	check(w, send(w->fd, block, sizeof block, 0) == -1 && errno == EAGAIN, "send SO_SNDTIMEO");
}

static void wait_accept_timeout(struct worker *w)
{
	check(w, accept(w->fd, NULL, NULL) == -1 && errno == EAGAIN, "accept SO_RCVTIMEO");
}

static void wait_io_getevents(struct worker *w)
{
	/* Kept: io_destroy sleeps where nothing can stop it, for tens of milliseconds. */
	static __thread aio_context_t context;
	struct io_event event;
	struct timespec time = wait_time;
	if (context == 0 && syscall(SYS_io_setup, 4, &context))
		return wait_nanosleep(w);
	check(w, syscall(SYS_io_getevents, context, 1, 1, &event, &time) == 0, "io_getevents");
}

static void wait_waitpid(struct worker *w)
{
	pid_t child = fork();
	int status = -1;
	if (child == 0) {
		nanosleep(&wait_time, NULL);
		_exit(7);
	}
	check(w, waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7, "waitpid");
}

static void wait_timerfd(struct worker *w)
{
	struct itimerspec once = {{0, 0}, wait_time};
	u64 expirations = 0;
	timerfd_settime(w->fd, 0, &once, NULL);
	check(w, read(w->fd, &expirations, 8) == 8 && expirations == 1, "read timerfd");
}

/* ---- waits that end because the feeder wrote ---- */
static void wait_read(struct worker *w)
{
	char byte = 0;
	check(w, read(w->fd, &byte, 1) == 1 && byte == 'x', "read");
}

static void wait_recvmsg(struct worker *w)
{
	char byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	check(w, recvmsg(w->fd, &message, 0) == 1 && byte == 'x', "recvmsg");
}

static void wait_epoll_fed(struct worker *w)
{
	struct epoll_event event;
	sigset_t mask;
	char byte;
	sigemptyset(&mask);
	check(w, epoll_pwait(w->fd, &event, 1, -1, &mask) == 1, "epoll_pwait");
	check(w, read(event.data.fd, &byte, 1) == 1, "read after epoll_pwait");
}

static void wait_msgrcv(struct worker *w)
{
	struct {
		long kind;
		char byte;
	} message;
	check(w, msgrcv(w->queue, &message, 1, 0, 0) == 1 && message.byte == 'x', "msgrcv");
}

static void wait_semop(struct worker *w)
{
	struct sembuf take = {0, -1, 0};
	check(w, semop(w->queue, &take, 1) == 0, "semop");
}

/* ---- what each kind waits on ---- */
static void use_pipe(struct worker *w)
{
	int ends[2];
	if (pipe(ends))
		exit(2);
	w->fd = ends[0];
	w->feed_fd = ends[1];
}

static void use_idle_pipe(struct worker *w)
{
	use_pipe(w);
	w->feed_fd = -1;
}

static void use_sockets(struct worker *w)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		exit(2);
	w->fd = ends[0];
	w->feed_fd = ends[1];
}

static void use_idle_sockets(struct worker *w)
{
	use_sockets(w);
	w->feed_fd = -1;
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &wait_timeval, sizeof wait_timeval);
	setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &wait_timeval, sizeof wait_timeval);
}

static void use_listener(struct worker *w)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	w->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(w->fd, (struct sockaddr *)&address, sizeof address) || listen(w->fd, 1))
		exit(2);
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &wait_timeval, sizeof wait_timeval);
}

static void use_epoll(struct worker *w)
{
	int set = epoll_create1(0);
	use_pipe(w);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = w->fd};
	epoll_ctl(set, EPOLL_CTL_ADD, w->fd, &event);
	w->fd = set;
}

static void use_idle_epoll(struct worker *w)
{
	use_epoll(w);
	w->feed_fd = -1;
}

static void use_timer(struct worker *w) { w->fd = timerfd_create(CLOCK_MONOTONIC, 0); }
static void use_semaphores(struct worker *w) { w->queue = semget(IPC_PRIVATE, 1, 0600); }
static void use_messages(struct worker *w) { w->queue = msgget(IPC_PRIVATE, 0600); }
static void use_nothing(struct worker *w) { (void)w; }

struct kind {
	const char *name;
	void (*use)(struct worker *);
	void (*wait)(struct worker *);
	int timed; /* ends by its time-out, not by the feeder */
};

static const struct kind kinds[] = {
	{"nanosleep", use_nothing, wait_nanosleep, 1},
	{"futex", use_nothing, wait_futex, 1},
	{"read", use_pipe, wait_read, 0},
	{"poll", use_idle_pipe, wait_poll, 1},
	{"epoll_wait", use_idle_epoll, wait_epoll, 1},
	{"epoll_pwait", use_epoll, wait_epoll_fed, 0},
	{"sigtimedwait", use_nothing, wait_sigtimedwait, 1},
	{"semtimedop", use_semaphores, wait_semtimedop, 1},
	{"semop", use_semaphores, wait_semop, 0},
	{"recv-timeout", use_idle_sockets, wait_recv_timeout, 1},
	{"send-timeout", use_idle_sockets, wait_send_timeout, 1},
	{"select", use_idle_pipe, wait_select, 1},
	{"ppoll", use_idle_pipe, wait_ppoll, 1},
	{"accept-timeout", use_listener, wait_accept_timeout, 1},
	{"waitpid", use_nothing, wait_waitpid, 1},
	{"recvmsg", use_sockets, wait_recvmsg, 0},
	{"msgrcv", use_messages, wait_msgrcv, 0},
	{"clock_nanosleep", use_nothing, wait_clock_nanosleep, 1},
	{"timerfd", use_timer, wait_timerfd, 1},
	{"io_getevents", use_nothing, wait_io_getevents, 1},
};
#define KINDS ((long)(sizeof kinds / sizeof *kinds))

static void *run_worker(void *argument)
{
	struct worker *w = argument;
	const struct kind *kind = &kinds[w->number % KINDS];
	while (!ending) {
		u64 began = now_ns();
		kind->wait(w);
		u64 took = now_ns() - began;
		if (kind->timed && took + EARLY_NS < WAIT_MS * 1000000ull) {
			errno = 0;
			anomaly(w, "early");
		}
		if (kind->timed && took > LATE_NS)
			__atomic_add_fetch(&late, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&waits, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void feed(struct worker *w)
{
	struct {
		long kind;
		char byte;
	} message = {1, 'x'};
	struct sembuf give = {0, 1, 0};
	const struct kind *kind = &kinds[w->number % KINDS];
	if (w->feed_fd >= 0 && write(w->feed_fd, "x", 1) != 1)
		anomaly(w, "feed");
	if (kind->wait == wait_msgrcv)
		msgsnd(w->queue, &message, 1, IPC_NOWAIT);
	if (kind->wait == wait_semop)
		semop(w->queue, &give, 1);
}

struct crew {
	struct worker *workers;
	long threads;
};

static void *run_feeder(void *argument)
{
	struct crew *crew = argument;
	while (!ending) {
		for (long i = 0; i < crew->threads; i++)
			feed(&crew->workers[i]);
		nanosleep(&wait_time, NULL);
	}
	return NULL;
}

static void remove_queues(const struct crew *crew)
{
	for (long i = 0; i < crew->threads; i++) {
		const struct kind *kind = &kinds[i % KINDS];
		if (kind->use == use_semaphores)
			semctl(crew->workers[i].queue, 0, IPC_RMID);
		if (kind->use == use_messages)
			msgctl(crew->workers[i].queue, IPC_RMID, NULL);
	}
}

static struct crew start_crew(long threads)
{
	struct crew crew = {calloc(threads, sizeof *crew.workers), threads};
	pthread_t id;
	for (long i = 0; i < threads; i++) {
		struct worker *w = &crew.workers[i];
		*w = (struct worker){.number = i, .fd = -1, .feed_fd = -1, .kind = kinds[i % KINDS].name};
		kinds[i % KINDS].use(w);
		if (pthread_create(&id, NULL, run_worker, w))
			exit(2);
	}
	return crew;
}

int main(int argc, char **argv)
{
	char command[64];
	pthread_t feeder;
	sigset_t usr2;
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &usr2, NULL);
	/* Main and feeder are threads too. */
	struct crew crew = start_crew(option(argc, argv, "--threads", 32) - 2);
	pthread_create(&feeder, NULL, run_feeder, &crew);
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		if (!strcmp(command, "report"))
			say("anomalies=%lu waits=%lu late=%lu", anomalies, waits, late);
	ending = 1;
	remove_queues(&crew);
	_exit(0);
}
