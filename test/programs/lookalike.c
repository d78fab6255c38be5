/*
 * Memory of its own that a test makes look like ring3's: variables, dead code, a page of made code, a live piece of the
 * stack. Says `ready variables=A code=A page=A stack=A`, of 2048 bytes each, code of 1024; at `report` calls into the page and
 * answers `made=7`.
 */
#include "program.h"
#include <sys/mman.h>

enum { SIZE = 2048, PAGE = 4096 };

static unsigned char variables[SIZE] __attribute__((aligned(2048))) = {0x5a};
extern unsigned char dead_code[];
asm(".text\n.balign 16\n.globl dead_code\ndead_code: .skip 1024, 0x90\n");

/* `mov $7, %eax; ret` in the second half of the page. */
static unsigned char *make_code(void)
{
	unsigned char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(page + SIZE, "\xb8\x07\x00\x00\x00\xc3", 6);
	mprotect(page, PAGE, PROT_READ | PROT_EXEC);
	return page;
}

int main(void)
{
	char command[64];
	unsigned char stack[SIZE];
	unsigned char *page = make_code();
	int (*made)(void);
	memcpy(&made, &(unsigned char *){page + SIZE}, sizeof made);
	memset(stack, 0x5a, sizeof stack);
	say("ready variables=%p code=%p page=%p stack=%p", (void *)variables, (void *)dead_code, (void *)page, (void *)stack);
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		say("made=%d", made());
	return stack[0] == 0;
}
