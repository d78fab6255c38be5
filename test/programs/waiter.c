// Threads that wait in every call that takes a mask, and are interrupted all the time; counts results that there cannot be.
#include "program.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>

static volatile long waits, interrupted, odd, last_errno;
static const struct timespec brief = {0, 2000000};
static const char kinds[] = "spePm";

static void on_signal(int signal) { (void)signal; }

static int wait_once(char kind, int poller, const sigset_t *mask) {
  struct epoll_event event;
  struct timeval time = {0, 2000};
  switch (kind) {
  case 's': return select(0, NULL, NULL, NULL, &time);
  case 'p': return pselect(0, NULL, NULL, NULL, &brief, mask);
  case 'P': return ppoll(NULL, 0, &brief, mask);
  case 'm': return sigsuspend(mask);
  default: return epoll_pwait(poller, &event, 1, 2, mask);
  }
}

static void *thread(void *of) {
  char kind = (char)(long)of;
  int poller = epoll_create1(0);
  sigset_t mask;
  sigemptyset(&mask);
  for (;;) {
    int result = wait_once(kind, poller, &mask);
    __atomic_add_fetch(&waits, 1, __ATOMIC_RELAXED);
    if (result == -1 && errno == EINTR) __atomic_add_fetch(&interrupted, 1, __ATOMIC_RELAXED);
    else if (result != 0) {
      last_errno = errno;
      __atomic_add_fetch(&odd, 1, __ATOMIC_RELAXED);
    }
  }
}

static pthread_t waiting[sizeof kinds - 1];

static void *interrupter(void *unused) {
  (void)unused;
  for (;;) {
    for (unsigned i = 0; i < sizeof kinds - 1; i++) pthread_kill(waiting[i], SIGUSR1);
    usleep(100);
  }
}

int main(void) {
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  pthread_t made;
  for (unsigned i = 0; i < sizeof kinds - 1; i++) pthread_create(&waiting[i], NULL, thread, (void *)(long)kinds[i]);
  pthread_create(&made, NULL, interrupter, NULL);
  say("ready");
  char command[64];
  while (next_command(command, sizeof command))
    say("waits=%ld interrupted=%ld odd=%ld errno=%ld", waits, interrupted, odd, last_errno);
  return 0;
}
