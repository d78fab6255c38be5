/*
 * Makes the same calls each time, for scripts that are compared: no input, no output, one thread. What each function gets
 * stands in `main`. With an argument it waits for a line before them, then says `done` and waits for another.
 */
#include "program.h"

/* Whoever is called may read everything. */
#define SEEN __asm__ volatile("" ::: "memory")

struct shape {
	int id;
	short width;
	char name[16];
	struct shape *next;
	unsigned char small;
	signed char below;
};

OWN_FUNCTION long numbers(long a, long b, long c, long d, long e, long f, long g, long h)
{
	SEEN;
	return a + b * 2 + c * 3 + d * 5 + e * 7 + f * 11 + g * 13 + h * 17;
}

OWN_FUNCTION size_t text(const char *words)
{
	SEEN;
	return strlen(words);
}

OWN_FUNCTION int shape(const struct shape *given)
{
	SEEN;
	return given->id + given->width;
}

OWN_FUNCTION char *list(char **words)
{
	SEEN;
	return words[0];
}

OWN_FUNCTION int bytes(const void *from, long length)
{
	SEEN;
	return length > 0 ? *(const char *)from : 0;
}

OWN_FUNCTION int tick_even(int number)
{
	SEEN;
	return number ^ 1;
}

OWN_FUNCTION int tick_odd(int number)
{
	SEEN;
	return number ^ 2;
}

OWN_FUNCTION long nested(long depth)
{
	long below = depth == 0 ? 0 : nested(depth - 1);
	SEEN;
	return below * 2 + depth;
}

static volatile long kept;

static void wait_for_line(const char *word)
{
	char line[16];
	say("%s", word);
	next_command(line, sizeof line);
}

int main(int count, char **arguments)
{
	(void)arguments;
	int held = count > 1;
	struct shape second = { 2, -200, "second", NULL, 250, -6 };
	struct shape first = { 1, 100, "first", &second, 5, 7 };
	char *words[] = { "one", "two", "three", NULL };

	if (held)
		wait_for_line("ready");
	kept = numbers(1, -2, 3, 1L << 40, 5, 6, 7, -8);
	char hello[] = "hello", longer[] = "a longer text, with \"quotes\", a\ttab and a \\";
	kept = text(hello);
	kept = text(longer);
	kept = text(hello + 5);
	kept = shape(&first);
	kept = shape(&second);
	kept = list(words)[0];
	char some[] = "\x00\x01\x7f\x80\xff""abc";
	kept = bytes(some, 8);
	kept = bytes(NULL, 0);
	for (int i = 0; i < 100; i++)
		kept = i % 2 == 0 ? tick_even(i) : tick_odd(i);
	kept = nested(5);
	if (held)
		wait_for_line("done");
	/* Symbols are looked up while the process lives. */
	usleep(200 * 1000);
	return 0;
}
