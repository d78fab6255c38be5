/*
 * Preloaded into a server, counts the calls that came back with EINTR: what the program itself sees, after whatever the
 * kernel and a tracer have done about it. The file named by EINTR_WITNESS holds two counters: EINTRs, calls.
 */
#include "program.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

static u64 nowhere[2];
static u64 *counters = nowhere;

__attribute__((constructor)) static void open_counters(void)
{
	const char *path = getenv("EINTR_WITNESS");
	int file = path ? open(path, O_RDWR | O_CREAT, 0666) : -1;
	if (file < 0 || ftruncate(file, 4096))
		return;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (page != MAP_FAILED)
		counters = page;
	close(file);
}

static void witness(int interrupted)
{
	__atomic_add_fetch(&counters[1], 1, __ATOMIC_RELAXED);
	if (interrupted)
		__atomic_add_fetch(&counters[0], 1, __ATOMIC_RELAXED);
}

/* A function of libc with the same arguments, watched. */
#define WATCH(type, name, parameters, arguments)                                                                       \
	type name parameters                                                                                           \
	{                                                                                                              \
		static type(*real) parameters;                                                                         \
		if (!real)                                                                                             \
			real = (type(*) parameters)dlsym(RTLD_NEXT, #name);                                            \
		type result = real arguments;                                                                          \
		witness(result == -1 && errno == EINTR);                                                               \
		return result;                                                                                         \
	}

WATCH(int, epoll_wait, (int a, struct epoll_event *b, int c, int d), (a, b, c, d))
WATCH(int, epoll_pwait, (int a, struct epoll_event *b, int c, int d, const sigset_t *e), (a, b, c, d, e))
WATCH(int, poll, (struct pollfd *a, nfds_t b, int c), (a, b, c))
WATCH(int, select, (int a, fd_set *b, fd_set *c, fd_set *d, struct timeval *e), (a, b, c, d, e))
WATCH(ssize_t, read, (int a, void *b, size_t c), (a, b, c))
WATCH(ssize_t, write, (int a, const void *b, size_t c), (a, b, c))
WATCH(ssize_t, readv, (int a, const struct iovec *b, int c), (a, b, c))
WATCH(ssize_t, writev, (int a, const struct iovec *b, int c), (a, b, c))
WATCH(ssize_t, recv, (int a, void *b, size_t c, int d), (a, b, c, d))
WATCH(ssize_t, send, (int a, const void *b, size_t c, int d), (a, b, c, d))
WATCH(ssize_t, recvmsg, (int a, struct msghdr *b, int c), (a, b, c))
WATCH(ssize_t, sendmsg, (int a, const struct msghdr *b, int c), (a, b, c))
WATCH(int, accept, (int a, struct sockaddr *b, socklen_t *c), (a, b, c))
WATCH(int, accept4, (int a, struct sockaddr *b, socklen_t *c, int d), (a, b, c, d))
WATCH(int, connect, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
WATCH(int, nanosleep, (const struct timespec *a, struct timespec *b), (a, b))
WATCH(int, usleep, (useconds_t a), (a))
