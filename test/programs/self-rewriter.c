/*
 * Rewrites its own text: `rewrite` gives `answer` its first bytes again, or others, whatever is there now. `go` calls it,
 * and says what it returned.
 */
#include "program.h"
#include <sys/mman.h>

/* Alone on its page. */
asm(".text\n.globl answer\n.type answer, @function\n.p2align 12\nanswer:\n"
    "	push %rbp\n	mov %rsp, %rbp\n	mov $1, %eax\n	pop %rbp\n	ret\n"
    ".size answer, .-answer\n.p2align 12\n"
    /* Nobody calls it. */
    ".globl halting\n.type halting, @function\nhalting:\n	hlt\n	nop\n	int3\n	ret\n.size halting, .-halting\n");
extern int answer(void);

/* mov $2, %eax; ret */
static const unsigned char other[] = {0xb8, 2, 0, 0, 0, 0xc3};

int main(void)
{
	unsigned char first[sizeof other];
	char command[64];
	memcpy(first, (void *)answer, sizeof first);
	say("ready");
	while (next_command(command, sizeof command)) {
		int same = !strcmp(command, "restore");
		if (same || !strcmp(command, "rewrite")) {
			mprotect((void *)answer, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
			memcpy((void *)answer, same ? first : other, sizeof first);
			mprotect((void *)answer, 4096, PROT_READ | PROT_EXEC);
		}
		int sum = 0;
		for (int n = 0; n < 1000; n++)
			sum += answer();
		say("sum=%d", sum);
	}
	return 0;
}
