/*
 * Calls `tick` at a pace. At `calls N RATE` it makes N calls, RATE of them a second (0: as fast as they go), numbered from 0, and
 * answers `called N ns T signals S late L`: the nanoseconds that took, how often SIGUSR1 came, and how often not during a call;
 * `name NAME` gives the thread another name, and says so; `quit` ends it.
 */
#include "program.h"
#include <sys/prctl.h>

/* Calls between two looks at the clock. */
#define STRIDE 32

static volatile sig_atomic_t calling;
static volatile u64 signals, late;

static void on_signal(int number)
{
	(void)number;
	signals++;
	if (!calling)
		late++;
}

OWN_FUNCTION u64 tick(u64 number, u64 twice)
{
	asm volatile("" ::"r"(number), "r"(twice));
	return number + twice;
}

static void call_at(u64 calls, u64 rate)
{
	u64 began = now_ns();
	for (u64 number = 0; number < calls; number++) {
		calling = 1;
		tick(number, 2 * number);
		calling = 0;
		if (rate == 0 || number % STRIDE)
			continue;
		u64 due = began + (u64)((double)number * 1e9 / (double)rate);
		while (now_ns() < due)
			;
	}
	say("called %lu ns %lu signals %lu late %lu", calls, now_ns() - began, signals, late);
}

int main(void)
{
	char command[128];
	u64 calls, rate;
	signal(SIGUSR1, on_signal);
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit")) {
		if (sscanf(command, "calls %lu %lu", &calls, &rate) == 2)
			call_at(calls, rate);
		else if (!strncmp(command, "name ", 5) && !prctl(PR_SET_NAME, command + 5))
			say("named");
		else
			say("error %s", command);
	}
	return 0;
}
