/*
 * Runs code at its own address and, displaced by a jump, at another, from the same random states, and compares
 * everything: registers, flags, vector registers, stack, data, and where it left to. Reads lines
 *     CODE-HEX REPLACED-HEX MOVED-ADDRESS MOVED-HEX POINTERS LEAST
 * CODE is what lies at `CODE_AT`; REPLACED the same with the jump written over it; MOVED what lies at MOVED-ADDRESS.
 * POINTERS says what registers point to: "data", or "code" for code that jumps through a register; rcx is a count, at
 * least LEAST. Prints "same" and how many runs ended at an int3, or what differs, once a line. All memory that is no code is int3, so wherever the code leaves to, it stops.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define REGION 0x200000000UL
#define CODE_AT (REGION + 0x1000)
#define EXITS (REGION + 0x2000)
#define CODE_SIZE 0x10000UL
#define DATA (REGION + 0x20000)
#define DATA_SIZE 0x4000UL
#define STACK (REGION + 0x30000)
#define STACK_SIZE 0x4000UL
#define MOVED_SIZE 0x1000UL
#define RED_ZONE 128
#define STATES 100

struct outcome {
  int signal;
  greg_t registers[NGREG];
  unsigned char vectors[256];
  unsigned char data[DATA_SIZE];
  unsigned char stack[STACK_SIZE];
};

static ucontext_t home;
static struct outcome *current;
static greg_t entry[NGREG];
static volatile int running;
static uint64_t seed;

static uint64_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static void enter(ucontext_t *context) {
  for (int at = REG_R8; at <= REG_RIP; at++) context->uc_mcontext.gregs[at] = entry[at];
  context->uc_mcontext.gregs[REG_EFL] = entry[REG_EFL];
  unsigned char *vectors = (unsigned char *)context->uc_mcontext.fpregs->_xmm;
  for (int at = 0; at < 256; at++) vectors[at] = (unsigned char)(at * 7 + entry[REG_R15]);
}

/* The first trap is ours and begins a run; the next signal ends it. */
static void on_signal(int number, siginfo_t *info, void *raw) {
  ucontext_t *context = raw;
  (void)info;
  if (!running) {
    home = *context;
    running = 1;
    enter(context);
    return;
  }
  running = 0;
  current->signal = number;
  memcpy(current->registers, context->uc_mcontext.gregs, sizeof current->registers);
  memcpy(current->vectors, context->uc_mcontext.fpregs->_xmm, sizeof current->vectors);
  memcpy(context->uc_mcontext.gregs, home.uc_mcontext.gregs, sizeof home.uc_mcontext.gregs);
}

static void listen_for_signals(void) {
  stack_t alternate = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM};
  for (unsigned at = 0; at < sizeof signals / sizeof *signals; at++) sigaction(signals[at], &action, NULL);
}

static void *map(uint64_t at, uint64_t size) {
  void *mapped = mmap((void *)at, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (mapped != (void *)at) exit(2);
  memset(mapped, 0xcc, size);
  return mapped;
}

/* Every word of data and stack is the address of an int3: it can be jumped to and returned to. */
static void fill_words(uint64_t at, uint64_t size) {
  for (uint64_t *word = (uint64_t *)at; word < (uint64_t *)(at + size); word++) {
    *word = EXITS + (next_random() & 0xff0);
  }
}

static void random_state(int code_pointers, int least) {
  for (int at = REG_R8; at <= REG_RIP; at++) {
    entry[at] = code_pointers ? (greg_t)(EXITS + (next_random() & 0xff0))
                              : (greg_t)(DATA + 0x1000 + (next_random() & 0x1ff0));
  }
  entry[REG_RSP] = STACK + 0x2000 + (next_random() & 0x7f8);
  if (!code_pointers) entry[REG_RBP] = STACK + 0x1000 + (next_random() & 0xff8);
  entry[REG_RCX] = least + next_random() % 4;
  entry[REG_RIP] = CODE_AT;
  entry[REG_EFL] = 0x202 | (next_random() & 0x8d5);
}

static void put(uint64_t at, const char *hex, uint64_t size) {
  unsigned char *bytes = (unsigned char *)at;
  memset(bytes, 0xcc, size);
  for (; hex[0] && hex[1]; hex += 2) {
    char pair[3] = {hex[0], hex[1], 0};
    *bytes++ = (unsigned char)strtoul(pair, NULL, 16);
  }
}

static void run(struct outcome *into, const char *code, uint64_t state) {
  seed = state * 2 + 1;
  fill_words(DATA, DATA_SIZE);
  fill_words(STACK, STACK_SIZE);
  put(CODE_AT, code, 0x100);
  current = into;
  __asm__ volatile("int3" ::: "memory");
  memcpy(into->data, (void *)DATA, DATA_SIZE);
  memcpy(into->stack, (void *)STACK, STACK_SIZE);
}

static const char *difference(const struct outcome *a, const struct outcome *b) {
  static const char *names[] = {"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rdi",
                                "rsi", "rbp", "rbx", "rdx", "rax", "rcx", "rsp", "rip", "flags"};
  if (a->signal != b->signal) return "signal";
  for (int at = REG_R8; at <= REG_EFL; at++) {
    int faulted = a->signal != SIGTRAP;
    if (faulted && at == REG_RIP) continue; /* faults are at different addresses by nature */
    if (a->registers[at] != b->registers[at]) return names[at];
  }
  if (memcmp(a->vectors, b->vectors, sizeof a->vectors) != 0) return "vector registers";
  if (memcmp(a->data, b->data, DATA_SIZE) != 0) return "data";
  uint64_t kept = entry[REG_RSP] - RED_ZONE - STACK; /* below, signals write as they like, and so may moved code */
  return memcmp(a->stack + kept, b->stack + kept, STACK_SIZE - kept) != 0 ? "stack" : NULL;
}

static void compare(const char *code, const char *replaced, int code_pointers, int least) {
  static struct outcome own, moved;
  int traps = 0;
  for (uint64_t state = 1; state <= STATES; state++) {
    seed = state * 0x9e3779b97f4a7c15UL;
    random_state(code_pointers, least);
    run(&own, code, state);
    run(&moved, replaced, state);
    traps += own.signal == SIGTRAP;
    const char *differs = difference(&own, &moved);
    if (differs == NULL) continue;
    printf("state %d: %s differs (signals %d, %d)\n", (int)state, differs, own.signal, moved.signal);
    return;
  }
  printf("same %d\n", traps);
}

int main(void) {
  static char code[1024], replaced[1024], moved[4096], pointers[16];
  static uint64_t mapped[16];
  unsigned long at;
  int least;
  listen_for_signals();
  map(REGION, CODE_SIZE);
  map(DATA, DATA_SIZE);
  map(STACK, STACK_SIZE);
  while (scanf("%1023s %1023s %lx %4095s %15s %d", code, replaced, &at, moved, pointers, &least) == 6) {
    int known = 0;
    for (int each = 0; each < 16; each++) known |= mapped[each] == at;
    for (int each = 0; each < 16 && !known; each++) {
      if (mapped[each] != 0) continue;
      mapped[each] = at;
      known = 1;
      map(at, MOVED_SIZE);
    }
    put(at, moved, MOVED_SIZE);
    compare(code, replaced, strcmp(pointers, "code") == 0, least);
    fflush(stdout);
  }
  return 0;
}
