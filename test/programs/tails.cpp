/*
 * Functions that end in a jump to another one, which returns in their place. Says `ready`; `go` answers `counted`, and for each
 * function how many of its calls have returned, and the sum of what they returned: `NAME=N/SUM`.
 *   --threads T --calls N
 */
#include <csetjmp>
#include <thread>
#include <vector>
extern "C" {
#include "program.h"
}

#define FUNCTIONS(F) \
	F(leaf) F(tiny) F(chain) F(middle) F(last) F(one) F(other) F(shared) F(either) F(backwards) F(leaps) F(leaper) F(springer) F(throws) F(thrower) \
	F(deeper) F(finish) F(shaken) F(rounds) F(ping) F(pong) F(nears) F(near) F(once) F(jump_only) F(even) F(odd) F(by_pointer)
#define NAME(name) name##_id,
enum id { FUNCTIONS(NAME) ids };
#undef NAME

/* What has been counted: of calls that have returned. */
struct Tally {
	u64 calls, sum;
};
static Tally total[ids];
static thread_local Tally tally[ids];

/* Functions that have been called and have not returned, one behind the other. */
static thread_local id pending[4096];
static thread_local int depth;

static inline void begun(id function)
{
	pending[depth++] = function;
}

/* Whoever has begun since is returned from: one function, and those that it has jumped to. */
static inline u64 ended(int before, u64 value)
{
	while (depth > before) {
		Tally &each = tally[pending[--depth]];
		each.calls++;
		each.sum += value;
	}
	return value;
}

#define CALL(call) \
	({ \
		int before = depth; \
		ended(before, call); \
	})
#define SEEN __asm__ volatile("" ::: "memory")
#define OWN extern "C" OWN_FUNCTION u64

OWN leaf(u64 n)
{
	begun(leaf_id);
	return n * 3 + 1;
}

/* Nothing but the beginning and the jump. */
OWN tiny(u64 n)
{
	begun(tiny_id);
	return leaf(n + 1);
}

OWN last(u64 n)
{
	begun(last_id);
	return n ^ 5;
}

OWN middle(u64 n)
{
	begun(middle_id);
	CALL(leaf(n));
	return last(n * 2);
}

OWN chain(u64 n)
{
	begun(chain_id);
	return middle(n + 7);
}

OWN shared(u64 n)
{
	begun(shared_id);
	if (n % 2)
		CALL(leaf(n));
	return n + 11;
}

OWN one(u64 n)
{
	begun(one_id);
	return shared(n + 1);
}

OWN other(u64 n)
{
	begun(other_id);
	return shared(n + 2);
}

/* Returns itself, jumps to one function, or to another. */
OWN either(u64 n)
{
	begun(either_id);
	if (n % 3 == 0)
		return n;
	if (n % 3 == 1)
		return shared(n);
	SEEN;
	return one(n);
}

/* Jumps to what lies before and behind it. */
OWN backwards(u64 n)
{
	begun(backwards_id);
	if (n % 2)
		return either(n);
	SEEN;
	return last(n);
}

static thread_local jmp_buf ledge;

/* Left by longjmp, two times of three; at these, what has been jumped to it is left, too. */
OWN leaps(u64 n)
{
	begun(leaps_id);
	if (n % 3)
		longjmp(ledge, 1);
	return n + 1;
}

OWN leaper(u64 n)
{
	begun(leaper_id);
	return leaps(n);
}

OWN springer(u64 n)
{
	begun(springer_id);
	return leaper(n);
}

OWN throws(u64 n)
{
	begun(throws_id);
	if (n % 3)
		throw n;
	return n + 2;
}

OWN thrower(u64 n)
{
	begun(thrower_id);
	return throws(n);
}

OWN finish(u64 n)
{
	begun(finish_id);
	return n - 1;
}

/* Recursion amid a call, and a jump at its end. */
OWN deeper(u64 n)
{
	begun(deeper_id);
	u64 below = n == 0 ? 0 : CALL(deeper(n - 1));
	SEEN;
	return finish(below + 2);
}

/* A signal handler makes the same call amid it, on another stack. */
OWN shaken(u64 n)
{
	begun(shaken_id);
	if (n)
		raise(SIGUSR1);
	SEEN;
	return other(n);
}

static void on_signal(int)
{
	CALL(shaken(0));
}

OWN pong(u64 n);

/* A loop of two, which is entered from outside. */
OWN ping(u64 n)
{
	begun(ping_id);
	if (n < 2)
		return n;
	SEEN;
	return pong(n - 2);
}

OWN pong(u64 n)
{
	begun(pong_id);
	SEEN;
	return ping(n / 2);
}

OWN rounds(u64 n)
{
	begun(rounds_id);
	return pong(n);
}

/* Two that are probed and lead back to themselves. */
OWN odd(u64 n);

OWN even(u64 n)
{
	begun(even_id);
	if (n == 0)
		return 1;
	SEEN;
	return odd(n - 1);
}

OWN odd(u64 n)
{
	begun(odd_id);
	if (n == 0)
		return 0;
	SEEN;
	return even(n - 1);
}

OWN by_pointer(u64 n)
{
	static u64 (*const volatile table[])(u64) = { leaf, last };
	begun(by_pointer_id);
	return table[n % 2](n);
}

/* A short jump; and a function that is nothing but a jump. They have no room to count: their callers do. */
extern "C" u64 near(u64), nears(u64), once(u64), jump_only(u64);
__asm__(".text\n"
	".p2align 4\n"
	".type nears, @function\n"
	"nears: .cfi_startproc\n lea 1(%rdi), %rdi\n nopl 0(%rax)\n jmp .Lnear\n .cfi_endproc\n"
	".size nears, . - nears\n"
	".p2align 4\n"
	".type near, @function\n"
	"near: .cfi_startproc\n"
	".Lnear: lea 9(%rdi), %rax\n nopl 0(%rax)\n ret\n .cfi_endproc\n"
	".size near, . - near\n"
	".p2align 4\n"
	".type jump_only, @function\n"
	"jump_only: .cfi_startproc\n .byte 0xe9\n .long .Lonce - . - 4\n .cfi_endproc\n"
	".size jump_only, . - jump_only\n"
	".p2align 4\n"
	".type once, @function\n"
	"once: .cfi_startproc\n"
	".Lonce: lea 4(%rdi), %rax\n nopl 0(%rax)\n ret\n .cfi_endproc\n"
	".size once, . - once\n");

#define OF_ASSEMBLY(first, second, n) \
	({ \
		int before = depth; \
		begun(first##_id); \
		begun(second##_id); \
		ended(before, first(n)); \
	})

/* All of these calls have their return address at one place: what one leaves behind there, the next one finds. */
static void leave_and_call(u64 n)
{
	volatile int before = depth;
	if (setjmp(ledge) == 0)
		CALL(leaper(n));
	depth = before;
	if (setjmp(ledge) == 0)
		CALL(leaps(3 * n));
	if (setjmp(ledge) == 0)
		CALL(leaps(n));
	depth = before;
	CALL(leaper(3 * n));
	/* Two are left behind here, and one of them once more. */
	if (setjmp(ledge) == 0)
		CALL(springer(n));
	depth = before;
	if (setjmp(ledge) == 0)
		CALL(leaper(n));
	depth = before;
	CALL(leaps(3 * n));
	CALL(springer(3 * n));
	for (int turn = 0; turn < 2; turn++) {
		try {
			if (turn == 0)
				CALL(thrower(n));
			else
				CALL(throws(3 * n));
		} catch (u64) {
			depth = before;
		}
	}
	CALL(throws(3 * n));
}

static void round_of_calls(u64 n)
{
	CALL(tiny(n));
	CALL(chain(n));
	CALL(middle(n));
	CALL(one(n));
	CALL(other(n));
	CALL(shared(n));
	CALL(either(n));
	CALL(backwards(n));
	leave_and_call(n);
	CALL(deeper(n % 4));
	CALL(shaken(1));
	CALL(rounds(n % 50));
	CALL(ping(n % 50));
	CALL(even(n % 5));
	CALL(by_pointer(n));
	OF_ASSEMBLY(nears, near, n);
	{
		int before = depth;
		begun(near_id);
		ended(before, near(n));
	}
	OF_ASSEMBLY(jump_only, once, n);
}

static void work(u64 calls)
{
	std::vector<char> other(65536);
	stack_t stack = {}, none = {};
	stack.ss_sp = other.data();
	stack.ss_size = other.size();
	none.ss_flags = SS_DISABLE;
	sigaltstack(&stack, nullptr);
	for (u64 n = 0; n < calls; n++)
		round_of_calls(n);
	sigaltstack(&none, nullptr);
	for (int at = 0; at < ids; at++) {
		__atomic_add_fetch(&total[at].calls, tally[at].calls, __ATOMIC_RELAXED);
		__atomic_add_fetch(&total[at].sum, tally[at].sum, __ATOMIC_RELAXED);
	}
}

static const char *const names[] = {
#define NAME(name) #name,
	FUNCTIONS(NAME)
#undef NAME
};

static void report()
{
	char line[4000] = "counted";
	size_t length = strlen(line);
	for (int at = 0; at < ids; at++) {
		length += snprintf(line + length, sizeof line - length, " %s=%lu/%lu", names[at], total[at].calls, total[at].sum);
		total[at] = {};
	}
	say("%s", line);
}

int main(int argc, char **argv)
{
	long threads = option(argc, argv, "--threads", 2), calls = option(argc, argv, "--calls", 10);
	struct sigaction action = {};
	action.sa_handler = on_signal;
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR1, &action, nullptr);
	char line[64];
	say("ready");
	while (next_command(line, sizeof line) && strcmp(line, "quit")) {
		std::vector<std::thread> all;
		for (long at = 0; at < threads; at++)
			all.emplace_back(work, calls);
		for (auto &thread : all)
			thread.join();
		report();
	}
}
