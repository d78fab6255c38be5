// The process that `make demo` looks into: counts words over and over, until it is ended.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define BUCKETS 256
#define NOINLINE __attribute__((noinline))

struct word {
  struct word *next;
  unsigned long count;
  char text[];
};

static const char text[] =
    "a system call is an expensive way to ask a question that could be answered where it arises "
    "and a breakpoint is a question asked at the price of a system call or two";

static struct word *buckets[BUCKETS];

NOINLINE unsigned hash_word(const char *word, size_t length) {
  unsigned hash = 5381;
  for (size_t i = 0; i < length; i++) hash = hash * 33 + (unsigned char)word[i];
  return hash % BUCKETS;
}

NOINLINE struct word *new_word(const char *word, size_t length) {
  struct word *fresh = calloc(1, sizeof *fresh + length + 1);
  if (fresh == NULL) abort();
  memcpy(fresh->text, word, length);
  return fresh;
}

NOINLINE void count_word(const char *word, size_t length) {
  struct word **at = &buckets[hash_word(word, length)];
  while (*at != NULL && strncmp((*at)->text, word, length) != 0) at = &(*at)->next;
  if (*at == NULL) *at = new_word(word, length);
  (*at)->count++;
}

NOINLINE const char *next_word(const char *from, size_t *length) {
  while (*from == ' ') from++;
  const char *end = from;
  while (isalpha((unsigned char)*end)) end++;
  *length = (size_t)(end - from);
  return from;
}

NOINLINE void count_words(void) {
  size_t length;
  for (const char *at = next_word(text, &length); length > 0; at = next_word(at + length, &length)) count_word(at, length);
}

NOINLINE void forget_words(void) {
  for (int i = 0; i < BUCKETS; i++) {
    while (buckets[i] != NULL) {
      struct word *gone = buckets[i];
      buckets[i] = gone->next;
      free(gone);
    }
  }
}

int main(void) {
  // Some distributions let only parents trace their children; this process agrees to be traced by anyone.
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  for (;;) {
    for (int i = 0; i < 100; i++) count_words();
    forget_words();
    usleep(1000);
  }
}
