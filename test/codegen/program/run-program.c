/*
 * Runs handlers on the processor from random states and checks that the program would not notice. Reads commands, a line each,
 * with numbers in hexadecimal:
 *     code HEX                 begins a case: what lies at CODE_AT
 *     data SIZE                the data area, all zero
 *     word OFFSET VALUE        of the data area
 *     memory ADDRESS HEX       maps the page and writes to its beginning
 *     fixup AT LANDING         where a thread goes on that faults
 *     hit ENTRY EXIT RDI RSI RDX RCX R8 R9 RAX DEAD FLAGS-DEAD
 *                              runs the code from ENTRY to EXIT, where an int3 is
 *     dump                     prints the words of the data area that are not zero, `OFFSET:WORD …`
 * For each hit it prints `ok STACK`, the bytes used below the red zone, or what is wrong.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>

#define CODE_AT 0x200000000UL
#define CODE_ROOM 0x400000UL
#define DATA_AT 0x300000000UL
#define DATA_ROOM 0x10000000UL
#define STACK_WORDS 16384
#define CHECKED_WORDS 512
#define RED_ZONE 128
#define ARITHMETIC 0x8d5
#define DIRECTION 0x400
#define MAX_FIXUPS 4096
#define MAX_PAGES 64

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
static uint64_t seed = 88172645463325252UL;
static uint64_t fixups[MAX_FIXUPS][2];
static int fixup_count, page_count;
static void *pages[MAX_PAGES];

static uint64_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static uint64_t landing_of(uint64_t at) {
  for (int each = 0; each < fixup_count; each++)
    if (fixups[each][0] == at) return fixups[each][1];
  return 0;
}

/* The first trap is ours and begins a run; a fault is led to its landing; every other signal ends the run. */
static void on_signal(int number, siginfo_t *info, void *raw) {
  ucontext_t *context = raw;
  greg_t *gregs = context->uc_mcontext.gregs;
  (void)info;
  if (!running) {
    home = *context;
    running = 1;
    memcpy(gregs, entry, sizeof(greg_t) * (REG_EFL + 1));
    memcpy(context->uc_mcontext.fpregs->_xmm, vectors, sizeof vectors);
    return;
  }
  uint64_t landing = number == SIGTRAP ? 0 : landing_of((uint64_t)gregs[REG_RIP]);
  if (landing != 0) {
    gregs[REG_RIP] = (greg_t)landing;
    return;
  }
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

static void *map_at(uint64_t at, uint64_t size, int protection) {
  void *got = mmap((void *)at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != (void *)at) exit(3);
  return got;
}

static size_t put_hex(unsigned char *at, const char *hex) {
  size_t count = 0;
  for (; hex[0] && hex[1] && hex[0] != '\n'; hex += 2, count++) {
    char pair[3] = {hex[0], hex[1], 0};
    at[count] = (unsigned char)strtoul(pair, NULL, 16);
  }
  return count;
}

static void begin_case(const char *hex) {
  unsigned char *code = (unsigned char *)CODE_AT;
  size_t size = put_hex(code, hex);
  memset(code + size, 0xcc, 64);
  fixup_count = 0;
  while (page_count > 0) munmap(pages[--page_count], 4096);
}

static void put_memory(uint64_t address, const char *hex) {
  if (page_count == MAX_PAGES) exit(4);
  pages[page_count++] = map_at(address, 4096, PROT_READ | PROT_WRITE);
  put_hex((unsigned char *)address, hex);
}

static const char *difference(uint64_t exit, unsigned dead, int flags_dead) {
  static char text[80];
  if (ended_by != SIGTRAP) {
    snprintf(text, sizeof text, "signal %d at %llx", ended_by, reached[REG_RIP]);
    return text;
  }
  if (reached[REG_RIP] != (greg_t)exit + 1) {
    snprintf(text, sizeof text, "ended at %llx", reached[REG_RIP]);
    return text;
  }
  for (int number = 0; number < 16; number++) {
    int may_be_lost = number != 4 && (dead >> number & 1);
    if (!may_be_lost && reached[greg_of[number]] != entry[greg_of[number]]) return names[number];
  }
  int flags = DIRECTION | (flags_dead ? 0 : ARITHMETIC);
  if ((reached[REG_EFL] ^ entry[REG_EFL]) & flags) return "flags";
  if (memcmp(vectors, vectors_reached, sizeof vectors) != 0) return "vector registers";
  char *kept = (char *)entry[REG_RSP] - RED_ZONE;
  long above = (char *)(stack + STACK_WORDS) - kept;
  return memcmp(kept, (char *)stack_before + (kept - (char *)stack), (size_t)above) != 0 ? "stack or red zone" : NULL;
}

static long stack_used(void) {
  uint64_t *top = (uint64_t *)(entry[REG_RSP] - RED_ZONE);
  for (uint64_t *word = stack; word < top; word++)
    if (*word != 0 && *word != stack_before[word - stack]) return (top - word) * 8;
  return 0;
}

static void hit(char *text) {
  uint64_t field[11];
  for (int at = 0; at < 11; at++) field[at] = strtoul(text, &text, 16);
  for (int number = 0; number < 16; number++) entry[greg_of[number]] = (greg_t)next_random();
  for (int at = STACK_WORDS - CHECKED_WORDS; at < STACK_WORDS; at++) stack_before[at] = stack[at] = next_random();
  memset(stack, 0, sizeof stack - CHECKED_WORDS * 8);
  for (unsigned at = 0; at < sizeof vectors; at++) vectors[at] = (unsigned char)next_random();
  entry[REG_RSP] = (greg_t)&stack[STACK_WORDS - CHECKED_WORDS / 2 + next_random() % 64];
  const int arguments[] = {REG_RDI, REG_RSI, REG_RDX, REG_RCX, REG_R8, REG_R9, REG_RAX};
  for (int at = 0; at < 7; at++) entry[arguments[at]] = (greg_t)field[2 + at];
  entry[REG_RIP] = (greg_t)field[0];
  entry[REG_EFL] = 0x202 | (next_random() & (ARITHMETIC | DIRECTION));
  __asm__ volatile("int3" ::: "memory");
  const char *differs = difference(field[1], (unsigned)field[9], (int)field[10]);
  if (differs != NULL) puts(differs);
  else printf("ok %lx\n", stack_used());
}

static void dump(uint64_t size) {
  const uint64_t *words = (const uint64_t *)DATA_AT;
  const char *separator = "";
  for (uint64_t at = 0; at < size / 8; at++) {
    if (words[at] == 0) continue;
    printf("%s%lx:%lx", separator, 8 * at, words[at]);
    separator = " ";
  }
  putchar('\n');
}

int main(int count, char **argument) {
  char *line = NULL;
  size_t room = 0;
  uint64_t size = 0;
  cpu_set_t one;
  if (count != 2) return 2;
  CPU_ZERO(&one);
  CPU_SET(strtoul(argument[1], NULL, 10), &one);
  sched_setaffinity(0, sizeof one, &one);
  prctl(PR_SET_NAME, "handled");
  listen_for_signals();
  map_at(CODE_AT, CODE_ROOM, PROT_READ | PROT_WRITE | PROT_EXEC);
  map_at(DATA_AT, DATA_ROOM, PROT_READ | PROT_WRITE);
  while (getline(&line, &room, stdin) > 0) {
    char *rest = strchr(line, ' ');
    rest = rest == NULL ? line : rest + 1;
    if (strncmp(line, "code ", 5) == 0) begin_case(rest);
    else if (strncmp(line, "data ", 5) == 0) {
      madvise((void *)DATA_AT, DATA_ROOM, MADV_DONTNEED);
      size = strtoul(rest, NULL, 16);
      if (size > DATA_ROOM) return 5;
    } else if (strncmp(line, "word ", 5) == 0) {
      uint64_t offset = strtoul(rest, &rest, 16);
      *(uint64_t *)(DATA_AT + offset) = strtoul(rest, NULL, 16);
    } else if (strncmp(line, "memory ", 7) == 0) {
      uint64_t address = strtoul(rest, &rest, 16);
      put_memory(address, rest + 1);
    } else if (strncmp(line, "fixup ", 6) == 0) {
      if (fixup_count == MAX_FIXUPS) return 6;
      fixups[fixup_count][0] = strtoul(rest, &rest, 16);
      fixups[fixup_count++][1] = strtoul(rest, NULL, 16);
    } else if (strncmp(line, "hit ", 4) == 0) hit(rest);
    else if (strncmp(line, "dump", 4) == 0) dump(size);
    else return 7;
  }
  return 0;
}
