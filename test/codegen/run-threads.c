/*
 * Calls counting code from many threads at once, each with the thread pointer that the C library gave it, while a timer's
 * signal handler calls it too. Arguments, numbers in hexadecimal:
 *     CODE-AT CODE-HEX ENTRY DATA-AT DATA-SIZE THREADS CALLS ROUNDS
 * Each round begins with an empty data area whose live word is set. Prints `CALLS OFFSET:WORD …` for each round: how many
 * calls were made, handlers included, and what the data area holds.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#define ROOM 0x100000UL
#define MAX_THREADS 256

static uint64_t start, calls_wanted, rounds, calls_of_handlers;
static pthread_barrier_t barrier;

static void call_code(void) {
  __asm__ volatile("call *%0" ::"r"(start) : "memory", "cc");
}

static void on_alarm(int number) {
  (void)number;
  call_code();
  __atomic_fetch_add(&calls_of_handlers, 1, __ATOMIC_SEQ_CST);
}

static void alarms(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  pthread_sigmask(how, &set, NULL);
}

/* Waits a moment for the others, running, so that two begin at the same time: a barrier wakes one after the other. */
static void begin_together(void) {
  static uint64_t arrived;
  uint64_t others = __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST) % 2;
  for (int spin = 0; spin < 20000 && others != 0; spin++) others = __atomic_load_n(&arrived, __ATOMIC_SEQ_CST) % 2;
}

/* No handler runs outside of the calls, so that the second barrier leaves the counters at rest. */
static void *work(void *unused) {
  (void)unused;
  for (uint64_t round = 0; round < rounds; round++) {
    pthread_barrier_wait(&barrier);
    alarms(SIG_UNBLOCK);
    begin_together();
    for (uint64_t call = 0; call < calls_wanted; call++) call_code();
    alarms(SIG_BLOCK);
    pthread_barrier_wait(&barrier);
  }
  return NULL;
}

/* One thread stays on each processor, so that they count at the same time; the others go where the kernel sends them. */
static void spread(const pthread_t *threads, uint64_t count) {
  cpu_set_t usable, one;
  uint64_t next = 0;
  sched_getaffinity(0, sizeof usable, &usable);
  for (int cpu = 0; cpu < CPU_SETSIZE && next < count; cpu++) {
    if (!CPU_ISSET(cpu, &usable)) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_setaffinity_np(threads[next++], sizeof one, &one);
  }
}

static void *map_at(uint64_t at, int protection) {
  void *got = mmap((void *)at, ROOM, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != (void *)at) exit(2);
  return got;
}

static void put_code(unsigned char *at, const char *hex) {
  for (; hex[0] && hex[1]; hex += 2) {
    char pair[3] = {hex[0], hex[1], 0};
    *at++ = (unsigned char)strtoul(pair, NULL, 16);
  }
}

static void ring_every(long microseconds) {
  struct itimerval timer = {.it_interval = {0, microseconds}, .it_value = {0, microseconds}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void one_round(unsigned char *data, uint64_t size, uint64_t threads) {
  uint64_t live = 1;
  memset(data, 0, size);
  memcpy(data, &live, 8);
  calls_of_handlers = 0;
  ring_every(40);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  ring_every(0);
  printf("%lx", threads * calls_wanted + calls_of_handlers);
  for (uint64_t at = 0; at < size; at += 8) {
    uint64_t word;
    memcpy(&word, data + at, 8);
    if (word != 0) printf(" %lx:%lx", at, word);
  }
  putchar('\n');
}

int main(int count, char **argument) {
  if (count != 9) return 2;
  unsigned char *code = map_at(strtoul(argument[1], NULL, 16), PROT_READ | PROT_WRITE | PROT_EXEC);
  unsigned char *data = map_at(strtoul(argument[4], NULL, 16), PROT_READ | PROT_WRITE);
  uint64_t size = strtoul(argument[5], NULL, 16), threads = strtoul(argument[6], NULL, 16);
  start = strtoul(argument[3], NULL, 16);
  calls_wanted = strtoul(argument[7], NULL, 16);
  rounds = strtoul(argument[8], NULL, 16);
  put_code(code, argument[2]);
  pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  alarms(SIG_BLOCK);
  pthread_t made[MAX_THREADS];
  if (threads > MAX_THREADS) return 2;
  for (uint64_t each = 0; each < threads; each++) pthread_create(&made[each], NULL, work, NULL);
  spread(made, threads);
  for (uint64_t round = 0; round < rounds; round++) one_round(data, size, threads);
  for (uint64_t each = 0; each < threads; each++) pthread_join(made[each], NULL);
  return 0;
}
