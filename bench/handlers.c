/*
 * What handlers cost, beside the same work compiled into the program. `handlers CODE-FILE DATA-SIZE SLOTS-AT SLOT-SHIFT SLOTS ROUNDS
 * CALLS ENTRY…`, numbers in hexadecimal, an entry for each of the callbacks below, in their order. Prints a line for each round:
 * nanoseconds a call of a function that does nothing, then for each entry those of the callback and of the handler.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <x86intrin.h>

#define CODE_AT 0x200000000UL
#define CODE_ROOM 0x100000UL
#define DATA_AT 0x300000000UL
#define PLACES 2048
#define RING 0x100000UL
#define KEYS 1000
#define VALUES 1024
#define HEAD 48
#define TAIL 64

/* An empty `asm` with a variable as its operand: what is there may be read, so that it is kept up. */
typedef void callback(uint64_t, uint64_t);

static __thread uint64_t hits, refused, since, loaded, added, equal, buckets[65];
static uint64_t base = 1, multiplier = 0x80000000UL, start = 5;
static struct {
  uint64_t used, key, count;
} table[PLACES];
static __thread struct {
  uint64_t head, tail, lost;
  char bytes[RING];
} ring;

#define CALLBACK __attribute__((noinline)) static void

CALLBACK nothing(uint64_t a, uint64_t b) {
  __asm__ volatile("" ::"r"(a), "r"(b));
}

CALLBACK count(uint64_t a, uint64_t b) {
  (void)a, (void)b;
  hits++;
  __asm__ volatile("" : "+m"(hits));
}

CALLBACK histogram(uint64_t a, uint64_t b) {
  (void)b;
  buckets[a == 0 ? 0 : 64 - __builtin_clzl(a)]++;
  __asm__ volatile("" : "+m"(buckets));
}

CALLBACK predicate(uint64_t a, uint64_t b) {
  (void)b;
  if (__builtin_expect(a > 1 << 20, 0)) refused++;
  __asm__ volatile("" : "+m"(refused));
}

CALLBACK stamp(uint64_t a, uint64_t b) {
  (void)a, (void)b;
  since = (uint64_t)(((unsigned __int128)(__rdtsc() - base) * multiplier) >> 32) + start;
  __asm__ volatile("" : "+m"(since));
}

CALLBACK keyed(uint64_t key, uint64_t b) {
  (void)b;
  for (uint64_t at = key * 0x9e3779b97f4a7c15UL >> 53;; at = (at + 1) % PLACES) {
    if (__builtin_expect(!table[at].used, 0)) {
      table[at].used = 1;
      table[at].key = key;
    }
    if (table[at].key == key) {
      __atomic_fetch_add(&table[at].count, 1, __ATOMIC_RELAXED);
      return;
    }
  }
}

CALLBACK record(uint64_t a, uint64_t b) {
  uint64_t at = ring.head;
  if (at + 32 - ring.tail > RING) {
    ring.lost++;
    return;
  }
  uint64_t *to = (uint64_t *)(ring.bytes + at % RING);
  ring.head = at + 32;
  to[1] = __rdtsc();
  to[2] = a;
  to[3] = b;
  __atomic_store_n(to, at << 29 | 0x10001, __ATOMIC_RELEASE);
}

CALLBACK dereference(uint64_t a, uint64_t b) {
  (void)a;
  loaded += *(const uint64_t *)b;
  added = 1;
  __asm__ volatile("" : "+m"(loaded), "+m"(added));
}

CALLBACK compare(uint64_t a, uint64_t b) {
  char text[32];
  (void)a;
  strncpy(text, (const char *)b, sizeof text - 1);
  text[sizeof text - 1] = 0;
  if (__builtin_expect(strcmp(text, "no") == 0, 0)) equal++;
  __asm__ volatile("" : "+m"(equal), "+m"(text));
}

CALLBACK compare_long(uint64_t a, uint64_t b) {
  char text[1024];
  (void)a;
  strncpy(text, (const char *)b, sizeof text - 1);
  text[sizeof text - 1] = 0;
  if (__builtin_expect(strcmp(text, "no") == 0, 0)) equal++;
  __asm__ volatile("" : "+m"(equal), "+m"(text));
}

static callback *const compiled[] = {count, histogram, predicate, stamp, keyed, record, dereference, compare, compare_long};
#define WORKS (sizeof compiled / sizeof *compiled)

static uint64_t values[VALUES], slots_at, slot_shift, slots;

/* What second arguments point to: texts of 20 letters. */
static char texts[VALUES][32];

static uint64_t text_at(uint64_t each) {
  return (uint64_t)texts[each % VALUES];
}

/* Readers that keep up. */
static void empty_rings(void) {
  ring.tail = ring.head;
  for (uint64_t slot = 0; slot < slots; slot++) {
    char *at = (char *)DATA_AT + slots_at + (slot << slot_shift);
    memcpy(at + TAIL, at + HEAD, 8);
  }
}

/* Whether the handler that writes records has written one at each call. */
static int has_written(uint64_t calls) {
  uint64_t written = 0;
  for (uint64_t slot = 0; slot < slots; slot++) written += *(uint64_t *)(DATA_AT + slots_at + (slot << slot_shift) + HEAD);
  return written == 32 * calls;
}

static double measure(callback *called, uint64_t calls) {
  struct timespec from, to;
  empty_rings();
  for (uint64_t each = 0; each < calls / 8; each++) called(values[each % VALUES], text_at(each));
  empty_rings();
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (uint64_t each = 0; each < calls; each++) called(values[each % VALUES], text_at(each));
  clock_gettime(CLOCK_MONOTONIC, &to);
  return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / (double)calls;
}

static void *map_at(uint64_t at, uint64_t size, int protection) {
  void *got = mmap((void *)at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != (void *)at) exit(3);
  return got;
}

int main(int given, char **argument) {
  if (given != 8 + (int)WORKS) return 2;
  void *code = map_at(CODE_AT, CODE_ROOM, PROT_READ | PROT_WRITE | PROT_EXEC);
  FILE *file = fopen(argument[1], "r");
  if (file == NULL || fread(code, 1, CODE_ROOM, file) == 0) return 4;
  uint64_t *data = map_at(DATA_AT, strtoul(argument[2], NULL, 16), PROT_READ | PROT_WRITE);
  data[0] = 1;
  data[3] = multiplier;
  slots_at = strtoul(argument[3], NULL, 16);
  slot_shift = strtoul(argument[4], NULL, 16);
  slots = strtoul(argument[5], NULL, 16);
  uint64_t rounds = strtoul(argument[6], NULL, 16), calls = strtoul(argument[7], NULL, 16);
  for (uint64_t each = 0; each < VALUES; each++) {
    values[each] = each * 7919 % KEYS * 16;
    memset(texts[each], 'a' + (int)(each % 26), 20);
  }
  for (uint64_t round = 0; round < rounds; round++) {
    printf("%.3f", measure(nothing, calls));
    for (unsigned work = 0; work < WORKS; work++) {
      printf(" %.3f", measure(compiled[work], calls));
      printf(" %.3f", measure((callback *)strtoul(argument[8 + work], NULL, 16), calls));
    }
    putchar('\n');
  }
  return has_written(rounds * (calls + calls / 8)) ? 0 : 5;
}
