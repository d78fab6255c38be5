// Uses signals in every way that matters to whoever makes them virtual, and prints what it sees: the same, probed or not.
#include "program.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

extern char **environ;

static uint64_t word(const sigset_t *set) {
  uint64_t value;
  memcpy(&value, set, sizeof value);
  return value;
}

static uint64_t mask_now(void) {
  sigset_t set;
  pthread_sigmask(SIG_BLOCK, NULL, &set);
  return word(&set);
}

static void show(const char *what, uint64_t value) {
  printf("%-40s %016llx\n", what, (unsigned long long)value);
}

static void show_action(const char *what, int signal) {
  struct sigaction action;
  memset(&action, 0xaa, sizeof action);
  int result = sigaction(signal, NULL, &action);
  int kind = action.sa_handler == SIG_DFL ? 0 : action.sa_handler == SIG_IGN ? 1 : 2;
  printf("%-40s result %d kind %d flags %x mask %016llx\n", what, result, kind, action.sa_flags,
         (unsigned long long)word(&action.sa_mask));
}

static volatile int hits, last_signal, last_code;
static volatile uint64_t mask_inside;
static void *volatile last_address;

static void on_plain(int signal) {
  hits++;
  last_signal = signal;
  mask_inside = mask_now();
}

static void on_info(int signal, siginfo_t *info, void *context) {
  (void)context;
  hits++;
  last_signal = signal;
  last_code = info->si_code;
  last_address = info->si_addr;
  mask_inside = mask_now();
}

static void set_handler(int signal, void (*handler)(int, siginfo_t *, void *), int flags, uint64_t mask) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
  memcpy(&action.sa_mask, &mask, sizeof mask);
  if (sigaction(signal, &action, NULL) != 0) perror("sigaction");
}

static void show_result(const char *what, long result) {
  int error = result < 0 ? errno : 0;
  printf("%-40s %ld %d hits %d\n", what, result, error, hits);
}

static const int resident[] = {SIGTRAP, SIGBUS, SIGSEGV};

static void actions(void) {
  for (int i = 1; i <= 64; i++) {
    if (i == 32 || i == 33) continue;
    char name[32];
    snprintf(name, sizeof name, "action of %d", i);
    show_action(name, i);
  }
  for (int i = 0; i < 3; i++) {
    set_handler(resident[i], on_info, SA_RESTART | SA_NODEFER, 0xffffffffffffffffu);
    show_action("set with everything masked", resident[i]);
    set_handler(resident[i], on_info, SA_ONSTACK | SA_RESETHAND, 0x450);
    show_action("set with the three masked", resident[i]);
    signal(resident[i], SIG_IGN);
    show_action("ignored", resident[i]);
    struct sigaction old;
    struct sigaction plain = {.sa_handler = on_plain};
    sigaction(resident[i], &plain, &old);
    printf("the one before was ignored: %d\n", old.sa_handler == SIG_IGN);
    signal(resident[i], SIG_DFL);
    show_action("default again", resident[i]);
  }
  set_handler(SIGUSR1, on_info, 0, 0xffffffffffffffffu);
  show_action("another, everything masked", SIGUSR1);
  set_handler(SIGUSR1, on_info, 0, 1ull << (SIGSEGV - 1));
  show_action("another, SIGSEGV masked", SIGUSR1);
  raise(SIGUSR1);
  show("mask inside its handler", mask_inside);
  show("mask after it", mask_now());
  show_result("SIGKILL", sigaction(SIGKILL, &(struct sigaction){.sa_handler = on_plain}, NULL));
  show_result("65", sigaction(65, NULL, &(struct sigaction){0}));
  show_result("bad action", syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8));
  show_result("bad old", syscall(SYS_rt_sigaction, SIGUSR1, NULL, 8, 8));
  show_result("bad size", syscall(SYS_rt_sigaction, SIGSEGV, NULL, NULL, 4));
  show_result("bad old for SIGSEGV", syscall(SYS_rt_sigaction, SIGSEGV, NULL, 8, 8));
  signal(SIGUSR1, SIG_DFL);
}

static void masks(const char *who) {
  sigset_t set, old;
  printf("masks of %s\n", who);
  show("at first", mask_now());
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, &old);
  show("before SIGSEGV, SIGUSR2", word(&old));
  show("SIGSEGV, SIGUSR2 blocked", mask_now());
  sigfillset(&set);
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, &set, 8);
  show("before all, set and old the same", word(&set));
  show("all blocked", mask_now());
  sigemptyset(&set);
  sigaddset(&set, SIGTRAP);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  show("SIGTRAP unblocked", mask_now());
  pthread_sigmask(SIG_SETMASK, &old, &set);
  show("before setting it back", word(&set));
  show("as at first", mask_now());
  show_result("bad how", syscall(SYS_rt_sigprocmask, 7, &set, &old, 8));
  show_result("bad set", syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, &old, 8));
  show_result("bad size", syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4));
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  show_result("bad old", syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, 8, 8));
  show("set all the same", mask_now());
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  show_result("bad query", syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, 8, 8));
}

static void *masks_thread(void *nothing) {
  (void)nothing;
  masks("a thread");
  return NULL;
}

static void waiting(void) {
  sigset_t all, usr1, none;
  sigfillset(&all);
  sigemptyset(&none);
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  set_handler(SIGUSR1, on_info, 0, 0);
  pthread_sigmask(SIG_BLOCK, &usr1, NULL);
  raise(SIGUSR1);
  sigset_t but_usr1 = all;
  sigdelset(&but_usr1, SIGUSR1);
  hits = 0;
  show_result("sigsuspend", sigsuspend(&but_usr1));
  show("mask inside", mask_inside);
  show("mask after", mask_now());
  raise(SIGUSR1);
  struct timespec soon = {.tv_nsec = 5000000};
  show_result("ppoll", ppoll(NULL, 0, &soon, &but_usr1));
  show_result("ppoll", ppoll(NULL, 0, &soon, &all));
  show_result("ppoll", ppoll(NULL, 0, &soon, NULL));
  raise(SIGUSR1);
  show_result("pselect", pselect(0, NULL, NULL, NULL, &soon, &but_usr1));
  show_result("pselect", pselect(0, NULL, NULL, NULL, &soon, &all));
  int epoll = epoll_create1(0);
  struct epoll_event event;
  raise(SIGUSR1);
  show_result("epoll_pwait", epoll_pwait(epoll, &event, 1, 5, &but_usr1));
  show_result("epoll_pwait", epoll_pwait(epoll, &event, 1, 5, &all));
  show_result("epoll_pwait2", syscall(SYS_epoll_pwait2, epoll, &event, 1, &soon, &all, 8));
  show_result("bad mask of ppoll", syscall(SYS_ppoll, NULL, 0, &soon, 8, 8));
  show_result("bad mask of sigsuspend", syscall(SYS_rt_sigsuspend, 8, 8));
  show_result("bad mask of epoll_pwait", syscall(SYS_epoll_pwait, epoll, &event, 1, 5, 8, 8));
  show_result("bad mask of pselect", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, 8));
  show_result("bad size of sigsuspend", syscall(SYS_rt_sigsuspend, &all, 4));
  close(epoll);
  show("mask at last", mask_now());
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  signal(SIGUSR1, SIG_DFL);
}

static char *page;

static void make_readable(int signal, siginfo_t *info, void *context) {
  on_info(signal, info, context);
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static sigjmp_buf out;

static void jump_out(int signal, siginfo_t *info, void *context) {
  on_info(signal, info, context);
  siglongjmp(out, 1);
}

static char stack_of_handlers[65536];

static void note_stack(int signal, siginfo_t *info, void *context) {
  char here;
  on_info(signal, info, context);
  ucontext_t *saved = context;
  int inside = &here >= stack_of_handlers && &here < stack_of_handlers + sizeof stack_of_handlers;
  int near = (char *)saved->uc_mcontext.gregs[REG_RSP] - &here < 16384 && !inside;
  printf("handler on the alternate stack: %d, below the interrupted code: %d\n", inside, near);
  if (page != NULL) mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void __attribute__((noinline)) touch(volatile char *at) { *at += 1; }

static void faults(void) {
  page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  set_handler(SIGSEGV, make_readable, 0, 0);
  hits = 0;
  touch(page);
  printf("protected page: value %d hits %d signal %d code %d address %d\n", page[0], hits, last_signal, last_code, last_address == page);
  show("mask inside", mask_inside);
  show("mask after", mask_now());
  set_handler(SIGSEGV, jump_out, SA_RESTART, 1ull << (SIGUSR1 - 1));
  for (int i = 0; i < 3; i++)
    if (sigsetjmp(out, 1) == 0) touch(NULL);
  printf("jumped out: hits %d address %p\n", hits, last_address);
  show("mask inside", mask_inside);
  show("mask after", mask_now());
  set_handler(SIGSEGV, jump_out, SA_NODEFER | SA_RESETHAND, 0);
  if (sigsetjmp(out, 1) == 0) touch((char *)0x8000000000000000);
  show_action("after SA_RESETHAND", SIGSEGV);
  show("mask inside", mask_inside);
  stack_t stack = {.ss_sp = stack_of_handlers, .ss_size = sizeof stack_of_handlers};
  sigaltstack(&stack, NULL);
  for (int on = 0; on < 2; on++) {
    mprotect(page, 4096, PROT_NONE);
    set_handler(SIGSEGV, note_stack, on ? SA_ONSTACK : 0, 0);
    touch(page);
    set_handler(SIGTRAP, note_stack, on ? SA_ONSTACK : 0, 0);
    raise(SIGTRAP);
    printf("code %d value %d\n", last_code, page[0]);
  }
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, NULL);
  FILE *file = tmpfile();
  char *beyond = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
  set_handler(SIGBUS, jump_out, 0, 0);
  if (sigsetjmp(out, 1) == 0) touch(beyond + 4096);
  printf("beyond the file: signal %d code %d address %d\n", last_signal, last_code, last_address == beyond + 4096);
  signal(SIGSEGV, SIG_DFL);
  signal(SIGBUS, SIG_DFL);
  signal(SIGTRAP, SIG_DFL);
}

static volatile long trap_distance;
extern char own_trap[];
__asm__(".globl run_own_trap, own_trap\nrun_own_trap:\n  push %rbp\nown_trap:\n  int3\n  pop %rbp\n  ret\n");
void run_own_trap(void);

static void on_trap(int signal, siginfo_t *info, void *context) {
  on_info(signal, info, context);
  trap_distance = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] - (long)own_trap;
}

static volatile int steps;

static void on_step(int signal, siginfo_t *info, void *context) {
  ucontext_t *saved = context;
  on_info(signal, info, context);
  if (++steps == 5) saved->uc_mcontext.gregs[REG_EFL] &= ~0x100ll;
}

static void traps(void) {
  steps = 0;
  set_handler(SIGTRAP, on_trap, 0, 0);
  hits = 0;
  run_own_trap();
  printf("own int3: hits %d code %d rip %ld\n", hits, last_code, trap_distance);
  raise(SIGTRAP);
  printf("raised: hits %d code %d\n", hits, last_code);
  sigset_t trap;
  sigemptyset(&trap);
  sigaddset(&trap, SIGTRAP);
  pthread_sigmask(SIG_BLOCK, &trap, NULL);
  raise(SIGTRAP);
  printf("raised while blocked: hits %d\n", hits);
  pthread_sigmask(SIG_UNBLOCK, &trap, NULL);
  printf("unblocked: hits %d signal %d code %d\n", hits, last_signal, last_code);
  set_handler(SIGTRAP, on_step, 0, 0);
  __asm__ volatile("pushfq\n orq $0x100, (%%rsp)\n popfq\n nop\n nop\n nop\n nop\n nop\n nop" ::: "memory", "cc");
  printf("own steps: %d code %d\n", steps, last_code);
  signal(SIGTRAP, SIG_IGN);
  raise(SIGTRAP);
  printf("ignored: still here\n");
  signal(SIGTRAP, SIG_DFL);
}

static void die_of_segv(void) { touch(NULL); }
static void die_of_trap(void) { run_own_trap(); }
static void die_of_raise(void) { raise(SIGTRAP); }
static void die_of_kill(void) { kill(getpid(), SIGSEGV); for (;;) pause(); }
static void die_of_ignored(void) { signal(SIGSEGV, SIG_IGN); touch(NULL); }
static void die_of_blocked(void) {
  sigset_t all;
  sigfillset(&all);
  set_handler(SIGSEGV, jump_out, 0, 0);
  sigprocmask(SIG_BLOCK, &all, NULL);
  touch(NULL);
}
static void fault_again(int signal) { (void)signal; touch(NULL); }
static void die_in_handler(void) { signal(SIGSEGV, fault_again); touch(NULL); }
static void reraise(int number) { signal(number, SIG_DFL); raise(number); }
static void die_of_reraise(void) { signal(SIGSEGV, reraise); touch(NULL); }
static int __attribute__((noinline)) deeper(volatile int *from) { volatile int here[512]; here[0] = *from + 1; return deeper(here) + here[0]; }
static void die_of_depth(void) {
  stack_t stack = {.ss_sp = stack_of_handlers, .ss_size = sizeof stack_of_handlers};
  sigaltstack(&stack, NULL);
  set_handler(SIGSEGV, jump_out, 0, 0); // not on the alternate stack: the kernel cannot call it
  int zero = 0;
  deeper(&zero);
}
static void survive_depth(void) {
  stack_t stack = {.ss_sp = stack_of_handlers, .ss_size = sizeof stack_of_handlers};
  sigaltstack(&stack, NULL);
  set_handler(SIGSEGV, jump_out, SA_ONSTACK, 0);
  int zero = 0;
  if (sigsetjmp(out, 1) == 0) deeper(&zero);
  _exit(7);
}
static void live_on(void) { masks("a forked child"); faults(); traps(); fflush(stdout); _exit(0); }

static void child(const char *what, void (*work)(void)) {
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    work();
    _exit(99);
  }
  int status;
  waitpid(pid, &status, 0);
  printf("%-24s status %x\n", what, status);
}

static void spawned(void) {
  char *const argv[] = {"sh", "-c", "exit 5", NULL};
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  set_handler(SIGSEGV, make_readable, SA_RESTART, 0);
  for (int i = 0; i < 4; i++) {
    pid_t pid;
    int status = 0;
    int result = posix_spawn(&pid, "/bin/sh", NULL, i & 1 ? &attributes : NULL, argv, environ);
    waitpid(pid, &status, 0);
    printf("spawned: %d status %x\n", result, status);
  }
  show_action("after spawning", SIGSEGV);
  hits = 0;
  mprotect(page, 4096, PROT_NONE);
  touch(page);
  printf("its handler still works: %d\n", hits);
  show("mask after spawning", mask_now());
  signal(SIGSEGV, SIG_DFL);
}

static void *born(void *mask) {
  *(uint64_t *)mask |= mask_now();
  return NULL;
}

static void births(void) {
  uint64_t seen = 0;
  for (int round = 0; round < 50; round++) {
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, born, &seen);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  }
  show("masks of 400 threads", seen);
  sigset_t segv, none;
  sigemptyset(&none);
  sigemptyset(&segv);
  sigaddset(&segv, SIGSEGV);
  pthread_sigmask(SIG_BLOCK, &segv, NULL);
  seen = 0;
  pthread_t heir;
  pthread_create(&heir, NULL, born, &seen);
  pthread_join(heir, NULL);
  show("inherited", seen);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static volatile int stop_toggling;

static void *toggle(void *count) {
  sigset_t all, old;
  sigfillset(&all);
  while (!stop_toggling) {
    pthread_sigmask(SIG_BLOCK, &all, &old);
    if (word(&old) != 0) *(long *)count += 1;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (mask_now() != 0) *(long *)count += 1;
  }
  return NULL;
}

static void toggling(void) {
  long wrong[4] = {0};
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, toggle, &wrong[i]);
  births();
  stop_toggling = 1;
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("wrong masks while toggling: %ld\n", wrong[0] + wrong[1] + wrong[2] + wrong[3]);
}

// What threads were doing when the target was probed.
static volatile int gate;
static uint64_t mask_of_blocker, mask_of_waiter, mask_in_handler, mask_after_handler;
static volatile int handler_waits;

static void wait_for_gate(void) {
  while (!gate) usleep(1000);
}

static void *blocker(void *nothing) {
  (void)nothing;
  sigset_t all;
  sigfillset(&all);
  sigdelset(&all, SIGBUS);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  __atomic_add_fetch(&handler_waits, 1, __ATOMIC_SEQ_CST);
  wait_for_gate();
  mask_of_blocker = mask_now();
  return NULL;
}

static void *waiter(void *nothing) {
  (void)nothing;
  sigset_t all, usr2;
  sigemptyset(&usr2);
  sigaddset(&usr2, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &usr2, NULL);
  sigfillset(&all);
  sigdelset(&all, SIGUSR2);
  __atomic_add_fetch(&handler_waits, 1, __ATOMIC_SEQ_CST);
  sigsuspend(&all);
  mask_of_waiter = mask_now();
  return NULL;
}

static void on_usr2(int signal, siginfo_t *info, void *context) { (void)signal, (void)info, (void)context; }

static void long_handler(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  __atomic_add_fetch(&handler_waits, 1, __ATOMIC_SEQ_CST);
  wait_for_gate();
  mask_in_handler = mask_now();
}

static void *interrupted(void *nothing) {
  (void)nothing;
  sigset_t segv;
  sigemptyset(&segv);
  sigaddset(&segv, SIGSEGV);
  pthread_sigmask(SIG_BLOCK, &segv, NULL);
  raise(SIGWINCH);
  mask_after_handler = mask_now();
  return NULL;
}

int main(void) {
  setvbuf(stdout, NULL, _IOFBF, 1 << 20);

  pthread_t threads[3];
  set_handler(SIGUSR2, on_usr2, 0, 0);
  set_handler(SIGWINCH, long_handler, 0, 0xffffffffffffffffu);
  pthread_create(&threads[0], NULL, blocker, NULL);
  pthread_create(&threads[1], NULL, waiter, NULL);
  pthread_create(&threads[2], NULL, interrupted, NULL);
  while (handler_waits < 3) usleep(1000);
  printf("ready\n");
  fflush(stdout);
  if (getchar() == EOF) return 1;
  gate = 1;
  usleep(20000);
  pthread_kill(threads[1], SIGUSR2);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  show("a thread that blocked before", mask_of_blocker);
  show("a thread that was in sigsuspend", mask_of_waiter);
  show("in a handler that was running", mask_in_handler);
  show("behind it", mask_after_handler);
  signal(SIGUSR2, SIG_DFL);
  signal(SIGWINCH, SIG_DFL);
  actions();
  masks("the first thread");
  pthread_t other;
  pthread_create(&other, NULL, masks_thread, NULL);
  pthread_join(other, NULL);
  waiting();
  faults();
  traps();
  child("SIGSEGV", die_of_segv);
  child("SIGTRAP", die_of_trap);
  child("raised", die_of_raise);
  child("killed", die_of_kill);
  child("ignored", die_of_ignored);
  child("blocked", die_of_blocked);
  child("in the handler", die_in_handler);
  child("raised again", die_of_reraise);
  child("stack overflow", die_of_depth);
  child("stack overflow survived", survive_depth);
  child("lives on", live_on);
  spawned();
  toggling();
  actions();
  masks("the first thread at last");
  printf("done\n");
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}
