// Calls a function from threads of many kinds, knows how often, and checks what it returns. Kinds, one letter a thread:
// n normal, b blocks all signals for ever, t blocks and unblocks all, c makes threads, f has faults of its own.
#include "program.h"
#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>

long hot(long);
__asm__(".globl hot\n.p2align 4\n.type hot, @function\nhot:\n  push %rbp\n  mov %rsp, %rbp\n  lea (%rdi,%rdi,2), %rax\n  add $1, %rax\n"
        "  pop %rbp\n  ret\n.size hot, .-hot\n");

#define MAX_THREADS 64
static struct { _Alignas(64) volatile long calls; volatile int idle; } threads[MAX_THREADS];
static volatile int paused = 1;
static volatile long wrong, handled, fixed;
static __thread int self;

static void call(int count) {
  for (int i = 0; i < count; i++) {
    __atomic_add_fetch(&threads[self].calls, 1, __ATOMIC_RELAXED);
    if (hot(i) != 3L * i + 1) wrong++;
  }
}

static void on_alarm(int signal) {
  (void)signal;
  if (!paused) handled++;
}

static __thread char *page;

static void on_fault(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  if (info->si_addr != page) _exit(77);
  fixed++;
  call(1);
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void *short_thread(void *of) {
  self = (int)(long)of;
  call(3);
  return NULL;
}

static void run(char kind) {
  sigset_t all, old;
  sigfillset(&all);
  switch (kind) {
  case 't':
    pthread_sigmask(SIG_BLOCK, &all, &old);
    call(3);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    call(3);
    break;
  case 'c': {
    pthread_t made;
    if (pthread_create(&made, NULL, short_thread, (void *)(long)self) == 0) pthread_join(made, NULL);
    break;
  }
  case 'f':
    mprotect(page, 4096, PROT_NONE);
    *(volatile char *)page = 1;
    break;
  default:
    call(5);
  }
}

static void *thread(void *of) {
  self = (int)(long)of & 255;
  char kind = (char)((long)of >> 8);
  sigset_t all;
  sigfillset(&all);
  if (kind == 'b') pthread_sigmask(SIG_BLOCK, &all, NULL);
  if (kind == 'f') page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (;;) {
    while (paused) {
      threads[self].idle = 1;
      usleep(500);
    }
    threads[self].idle = 0;
    run(kind);
    usleep(200);
  }
}

int main(int argc, char **argv) {
  const char *kinds = argc > 1 ? argv[1] : "nbtcf";
  int count = (int)strlen(kinds);
  struct sigaction alarm = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  sigfillset(&alarm.sa_mask);
  sigaction(SIGALRM, &alarm, NULL);
  struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &fault, NULL);
  for (long i = 0; i < count; i++) {
    pthread_t made;
    pthread_create(&made, NULL, thread, (void *)(i | (long)kinds[i] << 8));
  }
  struct itimerval often = {{0, 3000}, {0, 3000}};
  setitimer(ITIMER_REAL, &often, NULL);
  say("ready %p", (void *)hot);
  char command[64];
  while (next_command(command, sizeof command)) {
    if (strcmp(command, "go") == 0) paused = 0;
    if (strcmp(command, "pause") == 0) {
      for (int i = 0; i < count; i++) threads[i].idle = 0;
      paused = 1;
      for (int i = 0; i < count; i++)
        while (!threads[i].idle) usleep(100);
    }
    long calls = 0;
    for (int i = 0; i < count; i++) calls += threads[i].calls;
    say("calls=%ld wrong=%ld handled=%ld fixed=%ld", calls, wrong, handled, fixed);
  }
  return 0;
}
