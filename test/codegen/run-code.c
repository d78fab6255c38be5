/*
 * Runs counting code on the processor from random states and checks that the program would not notice. Reads lines
 *     CODE-AT CODE-HEX ENTRY EXIT DATA-AT DATA-SIZE BEFORE KEYS DEAD FLAGS-DEAD RED-ZONE CPU
 * with numbers in hexadecimal. EXIT is the address of the int3 that the code has to reach. BEFORE is what the data area
 * holds, `OFFSET:WORD,…` or `-`. The code runs once for each of the comma-separated KEYS, which stands at %fs:0 meanwhile.
 * DEAD is a mask of the general registers that may be lost. CPU is the processor to run on, or `-`.
 * Prints what is wrong; or `ok STACK OFFSET:WORD …`: the bytes used below the red zone and what the data area holds.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define ROOM 0x100000UL
#define STACK_WORDS 512
#define ARITHMETIC 0x8d5
#define DIRECTION 0x400

static const int greg_of[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
static const char *const names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                      "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

static uint64_t stack[STACK_WORDS], stack_before[STACK_WORDS];
static ucontext_t home;
static greg_t entry[NGREG], reached[NGREG];
static unsigned char vectors[256], vectors_reached[256];
static int ended_by;
static volatile int running;
static uint64_t seed = 1, key;

static uint64_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

/* The C library wants its own word back before anything else happens. */
static uint64_t exchange_thread_word(uint64_t word) {
  uint64_t old;
  __asm__ volatile("mov %%fs:0, %0\n mov %1, %%fs:0" : "=&r"(old) : "r"(word) : "memory");
  return old;
}

static uint64_t own_word;

/* The first trap is ours and begins a run; the next signal ends it. */
static void on_signal(int number, siginfo_t *info, void *raw) {
  ucontext_t *context = raw;
  greg_t *gregs = context->uc_mcontext.gregs;
  (void)info;
  if (!running) {
    home = *context;
    running = 1;
    memcpy(gregs, entry, sizeof(greg_t) * (REG_EFL + 1));
    memcpy(context->uc_mcontext.fpregs->_xmm, vectors, sizeof vectors);
    own_word = exchange_thread_word(key);
    return;
  }
  exchange_thread_word(own_word);
  running = 0;
  ended_by = number;
  memcpy(reached, gregs, sizeof reached);
  memcpy(vectors_reached, context->uc_mcontext.fpregs->_xmm, sizeof vectors);
  memcpy(gregs, home.uc_mcontext.gregs, sizeof(greg_t) * (REG_EFL + 1));
}

static void listen_for_signals(void) {
  stack_t alternate = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
  for (unsigned at = 0; at < sizeof signals / sizeof *signals; at++) sigaction(signals[at], &action, NULL);
}

/* Mapped when first asked for, and kept. */
static void *map_at(uint64_t at, int protection) {
  static uint64_t mapped[16];
  for (int each = 0; each < 16; each++) {
    if (mapped[each] == at) return (void *)at;
    if (mapped[each] != 0) continue;
    mapped[each] = at;
    void *got = mmap((void *)at, ROOM, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return got == (void *)at ? got : NULL;
  }
  return NULL;
}

static void put_code(unsigned char *at, const char *hex) {
  for (; hex[0] && hex[1]; hex += 2) {
    char pair[3] = {hex[0], hex[1], 0};
    *at++ = (unsigned char)strtoul(pair, NULL, 16);
  }
  memset(at, 0xcc, 64);
}

static void put_words(unsigned char *data, char *text) {
  for (char *part = strtok(text, ","); part != NULL && strcmp(part, "-") != 0; part = strtok(NULL, ",")) {
    uint64_t offset = strtoul(part, &part, 16);
    uint64_t word = strtoul(part + 1, NULL, 16);
    memcpy(data + offset, &word, 8);
  }
}

static void random_state(uint64_t start) {
  for (int number = 0; number < 16; number++) entry[greg_of[number]] = (greg_t)next_random();
  for (int at = 0; at < STACK_WORDS; at++) stack_before[at] = stack[at] = next_random();
  for (unsigned at = 0; at < sizeof vectors; at++) vectors[at] = (unsigned char)next_random();
  entry[REG_RSP] = (greg_t)&stack[STACK_WORDS / 2 + next_random() % 64];
  entry[REG_RIP] = (greg_t)start;
  entry[REG_EFL] = 0x202 | (next_random() & (ARITHMETIC | DIRECTION));
}

static const char *difference(uint64_t exit, unsigned dead, int flags_dead, long red_zone) {
  if (ended_by != SIGTRAP) return "ended by a fault";
  if (reached[REG_RIP] != (greg_t)exit + 1) return "did not reach its end";
  for (int number = 0; number < 16; number++) {
    int may_be_lost = number != 4 && (dead >> number & 1);
    if (!may_be_lost && reached[greg_of[number]] != entry[greg_of[number]]) return names[number];
  }
  int flags = DIRECTION | (flags_dead ? 0 : ARITHMETIC);
  if ((reached[REG_EFL] ^ entry[REG_EFL]) & flags) return "flags";
  if (memcmp(vectors, vectors_reached, sizeof vectors) != 0) return "vector registers";
  char *kept = (char *)entry[REG_RSP] - red_zone;
  long above = (char *)(stack + STACK_WORDS) - kept;
  return memcmp(kept, (char *)stack_before + (kept - (char *)stack), (size_t)above) != 0 ? "stack or red zone" : NULL;
}

/* Bytes below the red zone that were written to. */
static long stack_used(long red_zone) {
  uint64_t *top = (uint64_t *)(entry[REG_RSP] - red_zone);
  for (uint64_t *word = stack; word < top; word++)
    if (*word != stack_before[word - stack]) return (top - word) * 8;
  return 0;
}

static int stay_on(const char *cpu) {
  if (strcmp(cpu, "-") == 0) return 0;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(strtoul(cpu, NULL, 16), &set);
  return sched_setaffinity(0, sizeof set, &set);
}

static void print_words(const unsigned char *data, uint64_t size, long deepest) {
  printf("ok %lx", deepest);
  for (uint64_t at = 0; at < size; at += 8) {
    uint64_t word;
    memcpy(&word, data + at, 8);
    if (word != 0) printf(" %lx:%lx", at, word);
  }
  putchar('\n');
}

static void run_line(char **field) {
  unsigned char *code = map_at(strtoul(field[0], NULL, 16), PROT_READ | PROT_WRITE | PROT_EXEC);
  unsigned char *data = map_at(strtoul(field[4], NULL, 16), PROT_READ | PROT_WRITE);
  uint64_t start = strtoul(field[2], NULL, 16), exit = strtoul(field[3], NULL, 16);
  uint64_t size = strtoul(field[5], NULL, 16);
  unsigned dead = (unsigned)strtoul(field[8], NULL, 16);
  int flags_dead = (int)strtoul(field[9], NULL, 16);
  long red_zone = (long)strtoul(field[10], NULL, 16), deepest = 0;
  if (code == NULL || data == NULL || size > ROOM || stay_on(field[11]) != 0) {
    puts("cannot be set up");
    return;
  }
  put_code(code, field[1]);
  memset(data, 0, size);
  put_words(data, field[6]);
  for (char *part = strtok(field[7], ","); part != NULL; part = strtok(NULL, ",")) {
    key = strtoul(part, NULL, 16);
    random_state(start);
    __asm__ volatile("int3" ::: "memory");
    const char *differs = difference(exit, dead, flags_dead, red_zone);
    if (differs != NULL) {
      printf("%s\n", differs);
      return;
    }
    long used = stack_used(red_zone);
    if (used > deepest) deepest = used;
  }
  print_words(data, size, deepest);
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  listen_for_signals();
  while (getline(&line, &room, stdin) > 0) {
    char *field[12], *rest = line;
    int count = 0;
    for (char *part; count < 12 && (part = strsep(&rest, " \n")) != NULL;) field[count++] = part;
    if (count < 12) return 2;
    run_line(field);
  }
  return 0;
}
