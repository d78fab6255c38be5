/* Traces the process `--pid N` without stopping it, as a debugger would. Says `ready`; `quit` lets it go. */
#include "program.h"
#include <sys/ptrace.h>

int main(int argc, char **argv)
{
	char command[64];
	if (ptrace(PTRACE_SEIZE, (pid_t)option(argc, argv, "--pid", 0), NULL, NULL))
		return 2;
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		;
	return 0;
}
