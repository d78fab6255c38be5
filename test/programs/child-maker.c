// Makes children all the time, from the main thread or from another one, and nobody handles SIGCHLD: it is ignored, and no
// other thread's call may end for it.
#include "program.h"
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/wait.h>

static volatile long waits, interrupted, children;

static void *waiter(void *unused) {
  (void)unused;
  int poller = epoll_create1(0);
  struct epoll_event event;
  for (;;) {
    if (epoll_wait(poller, &event, 1, 2) == -1 && errno == EINTR) __atomic_add_fetch(&interrupted, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&waits, 1, __ATOMIC_RELAXED);
  }
}

static void *maker(void *unused) {
  (void)unused;
  for (;;) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
    children++;
  }
}

static void *asker(void *unused) {
  (void)unused;
  say("ready");
  char command[64];
  while (next_command(command, sizeof command))
    say("children=%ld waits=%ld interrupted=%ld", children, waits, interrupted);
  _exit(0);
}

int main(int argc, char **argv) {
  int in_main = argc > 1 && strcmp(argv[1], "main") == 0;
  pthread_t made;
  for (int i = 0; i < 8; i++) pthread_create(&made, NULL, waiter, NULL);
  pthread_create(&made, NULL, in_main ? asker : maker, NULL);
  if (in_main) maker(NULL);
  else asker(NULL);
  return 0;
}
