/*
 * Runs code from given states and reports what it did: instruction-runner MEMORY VECTORS RUNS RESULTS FIRST [MODULE
 * [held]].
 * MEMORY holds the initial content of the data regions, one after the other; VECTORS the vector states that runs
 * choose from; RUNS and RESULTS are arrays of `struct run` and `struct result`, mapped. A run begins with one signal,
 * whose return loads the whole state, and ends with the next: an int3 (all code memory that a run does not fill is
 * int3), a fault, or the timer. Results are written in order and marked done, so that a run that kills this program is
 * known. Begins at run FIRST. MODULE is an ELF file whose code is mapped, for runs that start there. Held, the program
 * executes all runs for every line that it reads.
 *
 * The layout of run and result is that of test/isa/differential/run-record.ts.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <cpuid.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 0x1000UL
#define CODE 0x200000000UL
#define CODE_SIZE 0x10000UL
#define CODE_AT (CODE + 0x8000)
#define GS_BASE 0x200021000UL
#define CODE_BYTES 16
#define PLACE_BYTES 192
#define MAX_CHANGES 32
#define MAX_STEPS 14
#define TRAP_FLAG 0x100

struct region {
  uint64_t at, size;
  int writable;
  unsigned char *pristine;
};

/* In the order of MEMORY. */
static struct region regions[] = {
    {0x200020000UL, 0x4000, 1, NULL},
    {0x20000000UL, 0x4000, 1, NULL},
    {0x200030000UL, 0x4000, 1, NULL},
    {0x200028000UL, 0x1000, 0, NULL},
};
#define STACK_REGION 2
#define REGIONS (sizeof regions / sizeof *regions)

/* Where moved code may be placed: near the code, and far away. */
static const uint64_t places[] = {0x210000000UL, 0x900000000UL};
#define PLACES (sizeof places / sizeof *places)
static unsigned char *code_alias, *place_aliases[PLACES];

#define MODULE_AT 0x200100000UL

struct run {
  uint64_t start, registers[16], flags, place;
  uint32_t place_length, traced, vectors, unused;
  unsigned char code[CODE_BYTES], placed[PLACE_BYTES];
};

/* `stack` is what lies at the stack pointer, where that points to the stack region. */
struct step {
  uint64_t rip, flags, registers[16], stack[4];
};

struct change {
  uint64_t address, value;
};

struct result {
  uint32_t done, signal, code, steps;
  uint64_t address, rip, registers[16], flags;
  uint64_t vectors[4];
  uint64_t memory;
  uint32_t changes, unused;
  uint64_t stack[4];
  struct change changed[MAX_CHANGES];
  struct step stepped[MAX_STEPS];
};

/* Components of the extended state in the order of VECTORS, with their XSAVE number (SDM vol. 1, 13.1). */
struct component {
  int number;
  uint32_t offset, size;
};
static struct component components[] = {{0, 0, 416}, {2, 0, 256}, {5, 0, 64}, {6, 0, 512}, {7, 0, 1024}};
#define COMPONENTS (sizeof components / sizeof *components)
#define STATE_SIZE (416 + 256 + 64 + 512 + 1024)

static const int hardware_order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                       REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static const unsigned char *vector_states;
static const struct run *current;
static struct result *into;
static ucontext_t home;
static unsigned char home_state[16384];
static uint32_t state_size;
static volatile int running, ticked;

static int in_place(uint64_t rip) { return rip >= current->place && rip < current->place + PLACE_BYTES; }

static void load_vectors(unsigned char *state) {
  const unsigned char *from = vector_states + (uint64_t)current->vectors * STATE_SIZE;
  uint64_t *features = (uint64_t *)(state + 512);
  for (unsigned at = 0; at < COMPONENTS; at++) {
    if (components[at].number != 0 && components[at].offset == 0) break;
    memcpy(state + components[at].offset, from, components[at].size);
    *features |= components[at].number == 0 ? 3 : 1UL << components[at].number;
    from += components[at].size;
  }
}

static uint64_t digest(const unsigned char *bytes, uint32_t size) {
  uint64_t hash = 0xcbf29ce484222325UL;
  for (uint32_t at = 0; at < size; at += 8) {
    uint64_t word;
    memcpy(&word, bytes + at, 8);
    hash = (hash ^ word) * 0x100000001b3UL;
    hash ^= hash >> 29;
  }
  return hash;
}

/* x87's last opcode and pointers (bytes 6 to 23) name the instruction's address, which is another one in moved code. */
static void digest_vectors(unsigned char *state) {
  memset(state + 6, 0, 18);
  into->vectors[0] = digest(state, 160);
  into->vectors[1] = digest(state + 160, 256);
  into->vectors[2] = components[1].offset ? digest(state + components[1].offset, components[1].size) : 0;
  for (unsigned at = 2; at < COMPONENTS; at++) {
    if (components[at].offset != 0) {
      into->vectors[3] = into->vectors[3] * 31 + digest(state + components[at].offset, components[at].size);
    }
  }
}

static void begin(ucontext_t *context) {
  home = *context;
  memcpy(home_state, context->uc_mcontext.fpregs, state_size);
  greg_t *registers = context->uc_mcontext.gregs;
  for (int at = 0; at < 16; at++) registers[hardware_order[at]] = (greg_t)current->registers[at];
  registers[REG_RIP] = (greg_t)current->start;
  registers[REG_EFL] = (greg_t)(current->flags | (current->traced ? TRAP_FLAG : 0));
  load_vectors((unsigned char *)context->uc_mcontext.fpregs);
  running = 1;
  ticked = 0;
}

static void copy_stack(uint64_t *to, uint64_t rsp) {
  const struct region *stack = &regions[STACK_REGION];
  if (rsp >= stack->at && rsp - stack->at <= stack->size - 32) memcpy(to, (void *)rsp, 32);
}

static void record_step(const greg_t *registers) {
  if (into->steps == MAX_STEPS) return;
  struct step *step = &into->stepped[into->steps++];
  step->rip = (uint64_t)registers[REG_RIP];
  step->flags = (uint64_t)registers[REG_EFL];
  for (int at = 0; at < 16; at++) step->registers[at] = (uint64_t)registers[hardware_order[at]];
  copy_stack(step->stack, (uint64_t)registers[REG_RSP]);
}

static void end(int number, const siginfo_t *info, ucontext_t *context) {
  greg_t *registers = context->uc_mcontext.gregs;
  running = 0;
  into->signal = (uint32_t)number;
  into->code = (uint32_t)info->si_code;
  into->address = number == SIGTRAP || number == SIGALRM ? 0 : (uint64_t)info->si_addr;
  into->rip = (uint64_t)registers[REG_RIP];
  into->flags = (uint64_t)registers[REG_EFL];
  for (int at = 0; at < 16; at++) into->registers[at] = (uint64_t)registers[hardware_order[at]];
  copy_stack(into->stack, (uint64_t)registers[REG_RSP]);
  digest_vectors((unsigned char *)context->uc_mcontext.fpregs);
  memcpy(registers, home.uc_mcontext.gregs, sizeof home.uc_mcontext.gregs);
  memcpy(context->uc_mcontext.fpregs, home_state, state_size);
}

static void on_signal(int number, siginfo_t *info, void *raw) {
  ucontext_t *context = raw;
  if (number == SIGALRM) {
    if (running && ticked++ > 1) end(number, info, context);
    return;
  }
  if (!running) {
    if (number != SIGTRAP) _exit(4); /* a defect of this program */
    begin(context);
    return;
  }
  if (current->traced && number == SIGTRAP && info->si_code == TRAP_TRACE) {
    if (in_place((uint64_t)context->uc_mcontext.gregs[REG_RIP])) {
      record_step(context->uc_mcontext.gregs);
      return;
    }
  }
  end(number, info, context);
}

/* Every so often; 0 for never. Runs that do not end are ended at the third tick. */
static void tick(suseconds_t microseconds) {
  struct itimerval timer = {.it_interval = {0, microseconds}, .it_value = {0, microseconds}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void listen_for_signals(void) {
  stack_t alternate = {.ss_sp = malloc(1 << 17), .ss_size = 1 << 17};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM};
  for (unsigned at = 0; at < sizeof signals / sizeof *signals; at++) sigaction(signals[at], &action, NULL);
}

static void find_components(void) {
  unsigned a, b, c, d;
  state_size = 512;
  if (!__get_cpuid_count(0xd, 0, &a, &b, &c, &d)) return;
  state_size = b + 8; /* and the kernel's second magic word */
  uint32_t available = a;
  for (unsigned at = 1; at < COMPONENTS; at++) {
    if (!(available & 1U << components[at].number)) break;
    __get_cpuid_count(0xd, components[at].number, &a, &b, &c, &d);
    components[at].offset = b;
  }
}

static void *map_at(uint64_t at, uint64_t size, int protection) {
  void *mapped = mmap((void *)at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (mapped != (void *)at) exit(2);
  return mapped;
}

static void *map_file(const char *path, int writable, uint64_t *size) {
  int fd = open(path, writable ? O_RDWR : O_RDONLY);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) exit(3);
  *size = (uint64_t)status.st_size;
  void *mapped = mmap(NULL, *size, PROT_READ | (writable ? PROT_WRITE : 0), writable ? MAP_SHARED : MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED) exit(3);
  close(fd);
  return mapped;
}

/* Code that can only be read and executed at its address, full of int3, and written at another, which is returned. */
static unsigned char *map_code(uint64_t at, uint64_t size) {
  int fd = memfd_create("code", 0);
  if (fd < 0 || ftruncate(fd, (off_t)size) != 0) exit(2);
  void *code = mmap((void *)at, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
  unsigned char *alias = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (code != (void *)at || alias == MAP_FAILED) exit(2);
  close(fd);
  return memset(alias, 0xcc, size);
}

static void set_up_memory(unsigned char *content) {
  code_alias = map_code(CODE, CODE_SIZE);
  for (unsigned at = 0; at < PLACES; at++) place_aliases[at] = map_code(places[at], PAGE);
  for (unsigned at = 0; at < REGIONS; at++) {
    struct region *region = &regions[at];
    region->pristine = content;
    content += region->size;
    memcpy(map_at(region->at, region->size, PROT_READ | PROT_WRITE), region->pristine, region->size);
    if (!region->writable) mprotect((void *)region->at, region->size, PROT_READ);
  }
}

/*
 * Reports what changed, and puts it back: the stack first, so that its words are listed; the others are in the digest
 * too, which stands for those that the list has no room for.
 */
static void collect_changes(void) {
  static const unsigned order[REGIONS] = {STACK_REGION, 0, 1, 3};
  for (unsigned each = 0; each < REGIONS; each++) {
    struct region *region = &regions[order[each]];
    if (!region->writable) continue;
    for (uint64_t block = 0; block < region->size; block += 256) {
      unsigned char *now = (unsigned char *)region->at + block;
      if (memcmp(now, region->pristine + block, 256) == 0) continue;
      for (uint64_t at = 0; at < 256; at += 8) {
        uint64_t value, before;
        memcpy(&value, now + at, 8);
        memcpy(&before, region->pristine + block + at, 8);
        if (value == before) continue;
        memcpy(now + at, &before, 8);
        if (into->changes < MAX_CHANGES) into->changed[into->changes] = (struct change){region->at + block + at, value};
        into->changes++;
        if (order[each] == STACK_REGION) continue;
        into->memory = (into->memory ^ value ^ (region->at + block + at) * 0x9e3779b97f4a7c15UL) * 0x100000001b3UL;
      }
    }
  }
}

static void execute(const struct run *run, struct result *result) {
  current = run;
  into = memset(result, 0, sizeof *result);
  memcpy(code_alias + (CODE_AT - CODE), run->code, CODE_BYTES);
  for (unsigned at = 0; at < PLACES; at++) {
    if (run->place - places[at] < PAGE) memcpy(place_aliases[at] + (run->place - places[at]), run->placed, PLACE_BYTES);
  }
  /* What returning from a signal does not reset: NT, ID. */
  __asm__ volatile("pushq $0x202; popfq; int3" ::: "memory", "cc");
  collect_changes();
  result->done = 1;
}

/* Without randomized addresses, so that what shows them (rdfsbase) is the same every time. */
static void have_fixed_addresses(char **arguments) {
  if (personality(0xffffffff) & ADDR_NO_RANDOMIZE) return;
  if (personality(ADDR_NO_RANDOMIZE) < 0) exit(5);
  execv("/proc/self/exe", arguments);
}

/* On the same one every time: rdpid and cpuid show it. */
static void stay_on_one_processor(void) {
  cpu_set_t allowed, one;
  sched_getaffinity(0, sizeof allowed, &allowed);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++) {
    if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &one);
  }
  sched_setaffinity(0, sizeof one, &one);
}

static void map_module(const char *path) {
  int fd = open(path, O_RDONLY);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) exit(3);
  int flags = MAP_PRIVATE | MAP_FIXED_NOREPLACE;
  void *mapped = mmap((void *)MODULE_AT, (size_t)status.st_size, PROT_READ | PROT_EXEC, flags, fd, 0);
  if (mapped != (void *)MODULE_AT) exit(2);
  close(fd);
}

/* A thread that is held by a tracer at every run needs longer than the processor does. */
static void execute_when_asked(const struct run *runs, struct result *results, uint64_t count) {
  char line[16];
  for (puts("ready"), fflush(stdout); fgets(line, sizeof line, stdin); puts("done"), fflush(stdout)) {
    tick(500000);
    for (uint64_t at = 0; at < count; at++) execute(&runs[at], &results[at]);
    tick(0);
  }
}

int main(int count, char **arguments) {
  if (count < 6 || count > 8) return 1;
  have_fixed_addresses(arguments);
  uint64_t size, runs_size, results_size;
  unsigned char *content = map_file(arguments[1], 0, &size);
  vector_states = map_file(arguments[2], 0, &size);
  const struct run *runs = map_file(arguments[3], 0, &runs_size);
  struct result *results = map_file(arguments[4], 1, &results_size);
  stay_on_one_processor();
  find_components();
  set_up_memory(content);
  listen_for_signals();
  syscall(SYS_arch_prctl, ARCH_SET_GS, GS_BASE);
  if (count > 6) map_module(arguments[6]);
  uint64_t runs_count = runs_size / sizeof *runs;
  if (count > 7) {
    execute_when_asked(runs, results, runs_count);
    return 0;
  }
  tick(20000);
  for (uint64_t at = strtoul(arguments[5], NULL, 10); at < runs_count; at++) execute(&runs[at], &results[at]);
  return 0;
}
