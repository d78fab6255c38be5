/*
 * Walks stacks with the routine that handlers call. `run-walk CODE DATA ENTRY WORDS`: files of what lies at CODE_AT, and at DATA_AT;
 * the routine's address; a file of memory as pairs of words, ADDRESS VALUE, in pages of its own. Then commands, a line each, with
 * numbers in hexadecimal:
 *     fixup AT LANDING         where a thread goes on that faults
 *     walk PC RSP RBP RULE LIMIT
 *                              prints the addresses of a stack, LIMIT words
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define CODE_AT 0x200000000UL
#define DATA_AT 0x300000000UL
#define PAGE 4096UL
#define MAX_LIMIT 256

static uint64_t fixups[1024][2], addresses[MAX_LIMIT + 1];
static int fixup_count;
static char other_stack[65536];

static void on_fault(int number, siginfo_t *info, void *raw) {
  greg_t *gregs = ((ucontext_t *)raw)->uc_mcontext.gregs;
  (void)info;
  for (int each = 0; each < fixup_count; each++)
    if (fixups[each][0] == (uint64_t)gregs[REG_RIP]) {
      gregs[REG_RIP] = fixups[each][1];
      return;
    }
  printf("signal %d at %llx\n", number, gregs[REG_RIP]);
  fflush(stdout);
  _exit(1);
}

static void *map(uint64_t at, uint64_t size, int protection) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  return mmap((void *)at, (size + PAGE - 1) & -PAGE, protection, flags, -1, 0);
}

static uint64_t load(const char *path, uint64_t at) {
  FILE *file = fopen(path, "rb");
  fseek(file, 0, SEEK_END);
  uint64_t size = ftell(file);
  rewind(file);
  map(at, size, PROT_READ | PROT_WRITE | PROT_EXEC);
  if (fread((void *)at, 1, size, file) != size) exit(2);
  fclose(file);
  return size;
}

static void load_words(const char *path) {
  FILE *file = fopen(path, "rb");
  uint64_t pair[2];
  while (fread(pair, sizeof pair, 1, file) == 1) {
    map(pair[0] & -PAGE, PAGE, PROT_READ | PROT_WRITE);
    memcpy((void *)pair[0], &pair[1], 8);
  }
  fclose(file);
}

static void walk(uint64_t entry, uint64_t pc, uint64_t rsp, uint64_t rbp, uint64_t rule, uint64_t limit) {
  uint64_t *end = addresses + limit, *next = addresses + 1, *limit_end = end;
  memset(addresses, 0xee, sizeof addresses);
  addresses[0] = pc;
  __asm__ volatile("call *%[entry]"
                   : "+D"(next), "+S"(end), "+a"(rbp), "+c"(rule), "+d"(rsp)
                   : [entry] "b"(entry)
                   : "memory", "cc");
  if (end != limit_end || addresses[limit] != 0xeeeeeeeeeeeeeeeeUL) printf("beyond the end ");
  if (next < end && *next != 0) printf("no zero ");
  for (uint64_t *each = addresses; each < next; each++) printf("%lx ", *each);
  printf("\n");
}

int main(int argc, char **argv) {
  stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  char line[256];
  uint64_t n[5];
  if (argc != 5) return 2;
  sigaltstack(&stack, NULL);
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  load(argv[1], CODE_AT);
  load(argv[2], DATA_AT);
  load_words(argv[4]);
  while (fgets(line, sizeof line, stdin))
    if (sscanf(line, "fixup %lx %lx", &n[0], &n[1]) == 2) memcpy(fixups[fixup_count++], n, sizeof fixups[0]);
    else if (sscanf(line, "walk %lx %lx %lx %lx %lx", &n[0], &n[1], &n[2], &n[3], &n[4]) == 5)
      walk(strtoul(argv[3], NULL, 16), n[0], n[1], n[2], n[3], n[4]);
  return 0;
}
