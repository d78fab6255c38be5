/*
 * Calls handlers from many threads, from signal handlers, and in the middle of themselves. The data area is a file, which another
 * process may read meanwhile. `run-hits DATA-FILE`; commands, a line each, with numbers in hexadecimal:
 *     code HEX                what lies at CODE_AT: handlers that end with a return
 *     data SIZE               the data area: so much of the file, which is all zero
 *     word OFFSET VALUE       what is there at first
 *     later OFFSET VALUE      what is written after the hits that prepare a nested one
 *     nest ENTRY PREPARE RDI RSI INNER-RDI INNER-RSI
 *                             for each instruction of a hit: begins anew, makes PREPARE hits, and one that another hit interrupts in
 *                             front of that instruction; prints the area's words `OFFSET:WORD …`, a line for each instruction
 *     threads ENTRY THREADS CALLS KEYS MICROSECONDS WAVES
 *                             waves of threads, one after the other. Each makes CALLS hits with a key in rdi, its number in rsi
 *                             and the hit's number in rdx, while timers have signal handlers make some more. Prints
 *                             `tid NUMBER NAME HITS` for each thread, then `keys COUNT…`, the hits of each key.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE_AT 0x200000000UL
#define CODE_ROOM 0x400000UL
#define DATA_AT 0x300000000UL
#define MAX_WORDS 64
#define MAX_THREADS 64
#define MAX_KEYS 4096
#define TRAP_FLAG 0x100

struct word {
  uint64_t offset, value;
};

static struct word first[MAX_WORDS], later[MAX_WORDS];
static int first_count, later_count;
static uint64_t size, entry, calls_wanted, keys, wave;
static uint64_t hits_of_key[MAX_THREADS][MAX_KEYS];
static uint64_t hits_of[MAX_THREADS];
static pid_t tid_of[MAX_THREADS];
static pthread_barrier_t barrier;
static __thread uint64_t me, chosen;

static void call(uint64_t rdi, uint64_t rsi, uint64_t rdx) {
  __asm__ volatile("call *%3"
                   : "+D"(rdi), "+S"(rsi), "+d"(rdx)
                   : "b"(entry)
                   : "rax", "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
}

/* Counted before it is made: who is interrupted in between counts another one. */
static void hit(void) {
  uint64_t key = (__atomic_add_fetch(&chosen, 1, __ATOMIC_RELAXED) * 0x9e3779b1UL >> 7) % keys;
  __atomic_fetch_add(&hits_of_key[me][key], 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&hits_of[me], 1, __ATOMIC_RELAXED);
  call(key, me, chosen);
}

static void on_timer(int number) {
  (void)number;
  hit();
}

static void timers(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  sigaddset(&set, SIGPROF);
  pthread_sigmask(how, &set, NULL);
}

static void *work(void *number) {
  char name[16];
  me = (uint64_t)number;
  chosen = me << 32;
  tid_of[me] = (pid_t)syscall(SYS_gettid);
  snprintf(name, sizeof name, "wave %lu of %lu", wave, me);
  pthread_setname_np(pthread_self(), name);
  pthread_barrier_wait(&barrier);
  timers(SIG_UNBLOCK);
  for (uint64_t each = 0; each < calls_wanted; each++) hit();
  timers(SIG_BLOCK);
  return NULL;
}

static void ring_every(long microseconds) {
  struct itimerval timer = {.it_interval = {0, microseconds}, .it_value = {0, microseconds}};
  setitimer(ITIMER_REAL, &timer, NULL);
  setitimer(ITIMER_PROF, &timer, NULL);
}

static void run_threads(char *text) {
  entry = strtoul(text, &text, 16);
  uint64_t threads = strtoul(text, &text, 16);
  calls_wanted = strtoul(text, &text, 16);
  keys = strtoul(text, &text, 16);
  long microseconds = (long)strtoul(text, &text, 16);
  uint64_t waves = strtoul(text, &text, 16);
  if (threads > MAX_THREADS || keys > MAX_KEYS) exit(2);
  struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART | SA_NODEFER};
  sigaction(SIGALRM, &action, NULL);
  sigaction(SIGPROF, &action, NULL);
  timers(SIG_BLOCK);
  ring_every(microseconds);
  for (wave = 0; wave < waves; wave++) {
    pthread_t made[MAX_THREADS];
    memset(hits_of, 0, sizeof hits_of);
    pthread_barrier_init(&barrier, NULL, (unsigned)threads);
    for (uint64_t each = 0; each < threads; each++) pthread_create(&made[each], NULL, work, (void *)each);
    for (uint64_t each = 0; each < threads; each++) pthread_join(made[each], NULL);
    for (uint64_t each = 0; each < threads; each++)
      printf("tid %x wave %lu of %lu %lx\n", tid_of[each], wave, each, hits_of[each]);
  }
  ring_every(0);
  printf("keys");
  for (uint64_t key = 0; key < keys; key++) {
    uint64_t sum = 0;
    for (uint64_t each = 0; each < threads; each++) sum += hits_of_key[each][key];
    printf(" %lx", sum);
  }
  putchar('\n');
}

static void put_words(const struct word *words, int count) {
  for (int each = 0; each < count; each++) *(uint64_t *)(DATA_AT + words[each].offset) = words[each].value;
}

static uint64_t inner_rdi, inner_rsi;
static volatile uint64_t steps, nested_at;
static volatile int is_inside;

/* In front of each instruction of the code. The trap flag is off while this runs. */
static void on_step(int number, siginfo_t *info, void *raw) {
  ucontext_t *context = raw;
  uint64_t at = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
  (void)number, (void)info;
  if (at < CODE_AT || at >= CODE_AT + CODE_ROOM) {
    if (is_inside) context->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    return;
  }
  is_inside = 1;
  if (steps++ == nested_at) call(inner_rdi, inner_rsi, 0);
}

static void call_stepping(uint64_t rdi, uint64_t rsi) {
  uint64_t rdx = 0;
  is_inside = 0;
  __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; call *%3; nop; nop"
                   : "+D"(rdi), "+S"(rsi), "+d"(rdx)
                   : "b"(entry)
                   : "rax", "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
}

static void dump(void) {
  const uint64_t *words = (const uint64_t *)DATA_AT;
  const char *separator = "";
  for (uint64_t at = 0; at < size / 8; at++) {
    if (words[at] == 0) continue;
    printf("%s%lx:%lx", separator, 8 * at, words[at]);
    separator = " ";
  }
  putchar('\n');
}

static void run_nested(char *text) {
  entry = strtoul(text, &text, 16);
  uint64_t prepare = strtoul(text, &text, 16), rdi = strtoul(text, &text, 16), rsi = strtoul(text, &text, 16);
  inner_rdi = strtoul(text, &text, 16);
  inner_rsi = strtoul(text, &text, 16);
  struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, NULL);
  for (nested_at = 0;; nested_at++) {
    memset((void *)DATA_AT, 0, size);
    put_words(first, first_count);
    for (uint64_t each = 0; each < prepare; each++) call(each, each, each);
    put_words(later, later_count);
    steps = 0;
    call_stepping(rdi, rsi);
    if (steps <= nested_at) return;
    dump();
  }
}

static void *map_at(uint64_t at, uint64_t bytes, int protection, int flags, int file) {
  void *got = mmap((void *)at, bytes, protection, flags | MAP_FIXED_NOREPLACE, file, 0);
  if (got != (void *)at) exit(3);
  return got;
}

static void put_code(const char *hex) {
  unsigned char *at = map_at(CODE_AT, CODE_ROOM, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  for (; hex[0] && hex[1] && hex[0] != '\n'; hex += 2) {
    char pair[3] = {hex[0], hex[1], 0};
    *at++ = (unsigned char)strtoul(pair, NULL, 16);
  }
}

static void put_data(const char *path, uint64_t bytes) {
  int file = open(path, O_RDWR);
  if (file < 0) exit(4);
  size = bytes;
  map_at(DATA_AT, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file);
}

static void add_word(struct word *words, int *count, char *text) {
  if (*count == MAX_WORDS) exit(5);
  words[*count].offset = strtoul(text, &text, 16);
  words[(*count)++].value = strtoul(text, NULL, 16);
}

int main(int count, char **argument) {
  char *line = NULL;
  size_t room = 0;
  if (count != 2) return 2;
  while (getline(&line, &room, stdin) > 0) {
    char *rest = strchr(line, ' ');
    if (rest == NULL) return 6;
    if (strncmp(line, "code ", 5) == 0) put_code(rest + 1);
    else if (strncmp(line, "data ", 5) == 0) put_data(argument[1], strtoul(rest, NULL, 16));
    else if (strncmp(line, "word ", 5) == 0) add_word(first, &first_count, rest);
    else if (strncmp(line, "later ", 6) == 0) add_word(later, &later_count, rest);
    else if (strncmp(line, "nest ", 5) == 0) run_nested(rest);
    else if (strncmp(line, "threads ", 8) == 0) {
      put_words(first, first_count);
      run_threads(rest);
    } else return 7;
  }
  return 0;
}
