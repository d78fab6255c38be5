/*
 * Exceptions and longjmps through functions. Says `ready`; at `go` answers
 * `counted work=N thrower=N wrong=0`, the calls of this round; `quit` ends it.
 *   --threads T --calls N
 */
#include <setjmp.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
extern "C" {
#include "program.h"
}

static long calls;
static u64 destroyed, wrong;

struct Witness {
	~Witness() { __atomic_add_fetch(&destroyed, 1, __ATOMIC_RELAXED); }
};

extern "C" OWN_FUNCTION u64 work(u64 n)
{
	return (n * 3 + 7) ^ n;
}

extern "C" OWN_FUNCTION u64 thrower(u64 n)
{
	Witness witness;
	if (n % 3 == 0)
		throw std::runtime_error(std::to_string(n));
	return work(n);
}

extern "C" OWN_FUNCTION u64 passer(u64 n)
{
	Witness witness;
	return thrower(n) + 1;
}

extern "C" OWN_FUNCTION u64 jumper(jmp_buf where, u64 n)
{
	if (n % 5 == 0)
		longjmp(where, 1);
	return n;
}

static u64 caught(u64 n)
{
	try {
		return passer(n);
	} catch (const std::runtime_error &error) {
		return std::stoul(error.what()) == n ? 0 : 1;
	}
}

static int jumped(u64 n)
{
	jmp_buf here;
	if (setjmp(here))
		return 1;
	return jumper(here, n) == n ? 0 : 2;
}

static void run(u64 count)
{
	u64 bad = 0;
	for (u64 n = 0; n < count; n++) {
		bad += caught(n) != (n % 3 == 0 ? 0 : ((n * 3 + 7) ^ n) + 1);
		bad += jumped(n) != (n % 5 == 0);
	}
	__atomic_add_fetch(&wrong, bad, __ATOMIC_RELAXED);
}

static void run_round(long threads)
{
	std::vector<std::thread> all;
	destroyed = wrong = 0;
	for (long i = 0; i < threads; i++)
		all.emplace_back(run, calls);
	for (auto &thread : all)
		thread.join();
	u64 throws = (calls + 2) / 3;
	wrong += destroyed != 2ull * threads * calls;
	say("counted work=%lu thrower=%lu wrong=%lu", threads * (calls - throws), u64(threads * calls), wrong);
}

int main(int argc, char **argv)
{
	char command[64];
	calls = option(argc, argv, "--calls", 10000);
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		if (!strcmp(command, "go"))
			run_round(option(argc, argv, "--threads", 2));
	return 0;
}
