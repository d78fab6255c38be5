/* What every target program shares: commands come in as lines on stdin, answers go out as lines on stdout. */
#ifndef PROGRAM_H
#define PROGRAM_H
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t u64;

/* A function that stays a function of its own, however clever the compiler. */
#define OWN_FUNCTION __attribute__((noinline, noclone, used))

__attribute__((format(printf, 1, 2), unused)) static void say(const char *format, ...)
{
	char line[4096];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line, sizeof line - 1, format, arguments);
	va_end(arguments);
	if (length > (int)sizeof line - 2)
		length = sizeof line - 2;
	line[length++] = '\n';
	for (int done = 0; done < length;) {
		ssize_t wrote = write(1, line + done, length - done);
		if (wrote < 0 && errno != EINTR)
			_exit(3);
		if (wrote > 0)
			done += wrote;
	}
}

/* Reads one command; returns 0 when the other end has gone. */
__attribute__((unused)) static int next_command(char *line, size_t size)
{
	size_t length = 0;
	for (;;) {
		char byte;
		ssize_t got = read(0, &byte, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 0;
		if (byte == '\n')
			break;
		if (length + 1 < size)
			line[length++] = byte;
	}
	line[length] = 0;
	return 1;
}

/* The value of `--name VALUE`, or `otherwise`. */
__attribute__((unused)) static long option(int argc, char **argv, const char *name, long otherwise)
{
	for (int i = 1; i + 1 < argc; i++)
		if (!strcmp(argv[i], name))
			return atol(argv[i + 1]);
	return otherwise;
}

__attribute__((unused)) static u64 now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000ull + t.tv_nsec;
}
#endif
