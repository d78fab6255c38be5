// Real work that is the same every time: sorts, formats, copies and allocates, and asks a database in memory. At each `go`
// answers `sum=N` with a checksum of all results.
#include "program.h"

typedef struct sqlite3 sqlite3;
int sqlite3_open(const char *, sqlite3 **);
int sqlite3_exec(sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **);

static u64 sum;

static u64 mix(u64 value) { return sum = (sum ^ value) * 0x100000001b3; }

static int on_row(void *of, int columns, char **values, char **names) {
  (void)of, (void)names;
  for (int i = 0; i < columns; i++)
    for (const char *at = values[i] ? values[i] : "-"; *at; at++) mix((unsigned char)*at);
  return 0;
}

static int by_value(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}

static void sort_some(void) {
  long values[200];
  for (int i = 0; i < 200; i++) values[i] = (long)(mix(i) >> 20) % 1000;
  qsort(values, 200, sizeof *values, by_value);
  for (int i = 0; i < 200; i++) mix((u64)values[i]);
}

static void allocate_some(void) {
  char *kept[40] = {0};
  for (u64 i = 0; i < 200; i++) {
    u64 at = i * 7 % 40, size = 16 + mix(i) % 900;
    free(kept[at]);
    kept[at] = malloc(size);
    memset(kept[at], (int)i, size);
    memcpy(kept[at], kept[at] + size / 2, size / 2);
    mix((unsigned char)kept[at][size / 3]);
  }
  for (int i = 0; i < 40; i++) free(kept[i]);
}

static void format_some(void) {
  char text[200];
  for (int i = 0; i < 40; i++) {
    int length = snprintf(text, sizeof text, "%d %s %08lx %.3f", i, "word", sum, i / 7.0);
    for (int at = 0; at < length; at++) mix((unsigned char)text[at]);
    mix(strtoul(text, NULL, 10));
  }
}

int main(void) {
  char command[64], insert[200];
  sqlite3 *database;
  if (sqlite3_open(":memory:", &database)) return 2;
  sqlite3_exec(database, "create table t(a integer primary key, b text)", NULL, NULL, NULL);
  say("ready");
  while (next_command(command, sizeof command) && strcmp(command, "quit")) {
    sum = 0xcbf29ce484222325;
    sort_some();
    allocate_some();
    format_some();
    sqlite3_exec(database, "delete from t", NULL, NULL, NULL);
    for (int i = 0; i < 20; i++) {
      snprintf(insert, sizeof insert, "insert into t values(%d, 'row %d')", i, i * i % 17);
      sqlite3_exec(database, insert, NULL, NULL, NULL);
    }
    sqlite3_exec(database, "select b, count(*), sum(a) from t group by b order by 2 desc, 1", on_row, NULL, NULL);
    say("sum=%lu", sum);
  }
  return 0;
}
