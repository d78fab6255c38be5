/*
 * Calls of every shape, for walking stacks: recursion, callbacks out of libc, frames of a size known only at run time or
 * beyond a page, realigned stacks, tail calls, longjmp, and signal handlers on the same stack and on one of their own.
 * Says `ready`, and goes on until it is ended.
 *   --period US     default 2000: time between two signals at any instruction; 0 for none
 */
#include "program.h"
#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

static unsigned long state = 88172645463325252UL;
static jmp_buf back;
static char handler_stack[65536];
volatile unsigned long sink;

static unsigned long chance(unsigned long bound)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % bound;
}

OWN_FUNCTION unsigned long leaf(unsigned long n)
{
	sink += n;
	return n * 3 + 1;
}

OWN_FUNCTION unsigned long tail(unsigned long n)
{
	sink ^= n;
	return leaf(n + 1);
}

OWN_FUNCTION unsigned long on_stack(unsigned long n)
{
	char *bytes = alloca(n % 300 + 16);
	memset(bytes, (int)n, n % 300 + 16);
	return tail((unsigned char)bytes[n % 16]) + strlen("four");
}

OWN_FUNCTION unsigned long large(unsigned long n)
{
	char bytes[9000];
	memset(bytes, (int)n, sizeof bytes);
	sink += (unsigned char)bytes[n % sizeof bytes];
	return on_stack(n) + (unsigned char)bytes[(n * 7) % sizeof bytes];
}

OWN_FUNCTION unsigned long aligned(unsigned long n)
{
	unsigned long words[8] __attribute__((aligned(64)));
	char *bytes = alloca(n % 100 + 1);
	memset(words, (int)n, sizeof words);
	bytes[n % 100] = 1;
	return leaf((unsigned long)bytes) + tail(words[n % 8]);
}

OWN_FUNCTION int compare(const void *left, const void *right)
{
	unsigned long a = *(const unsigned long *)left, b = *(const unsigned long *)right;
	return a < b ? -1 : a > b;
}

OWN_FUNCTION void sort(void)
{
	unsigned long words[64];
	for (int at = 0; at < 64; at++)
		words[at] = chance(1000);
	qsort(words, 64, sizeof *words, compare);
	sink += words[3];
}

OWN_FUNCTION unsigned long recurse(unsigned long depth)
{
	unsigned long kept = depth * depth;
	switch (chance(8)) {
	case 0:
		sort();
		break;
	case 1:
		kept += large(depth);
		break;
	case 2:
		kept += aligned(depth);
		break;
	case 3:
		kept += on_stack(depth);
		break;
	case 4:
		if (chance(50) == 0)
			longjmp(back, 1);
		break;
	case 5:
		if (chance(20) == 0)
			raise(SIGUSR1);
		break;
	default:
		kept += leaf(depth);
	}
	return depth == 0 ? tail(kept) : recurse(depth - 1) + kept;
}

OWN_FUNCTION void handle(int signal)
{
	sort();
	sink += on_stack((unsigned long)signal);
}

static void handle_with(int signal, int flags)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART | flags};
	sigaction(signal, &action, NULL);
}

int main(int argc, char **argv)
{
	stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
	long period_us = option(argc, argv, "--period", 2000);
	struct itimerval period = {{0, period_us}, {0, period_us}};
	sigaltstack(&stack, NULL);
	handle_with(SIGUSR1, 0);
	handle_with(SIGVTALRM, SA_ONSTACK);
	puts("ready");
	fflush(stdout);
	setitimer(ITIMER_VIRTUAL, &period, NULL);
	for (;;) {
		if (setjmp(back) == 0)
			sink += recurse(chance(30));
	}
}
