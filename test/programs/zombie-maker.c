/* Has a child that has ended and that nobody waits for. Says `ready CHILD`. */
#include "program.h"
#include <sys/wait.h>

int main(void)
{
	char command[64];
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	siginfo_t info;
	waitid(P_PID, child, &info, WEXITED | WNOWAIT);
	say("ready %d", child);
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		;
	return 0;
}
