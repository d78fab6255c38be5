/*
 * A kernel uprobe that only counts, through perf_event_open, as little as the kernel can do:
 * `--pid P --offset FILE_OFFSET PATH`. Says `ready`; at `quit` answers `hits N`, or `refused ERRNO` when it may not.
 */
#include "program.h"
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

static int uprobe_type(void)
{
	int type = -1;
	FILE *file = fopen("/sys/bus/event_source/devices/uprobe/type", "r");
	if (file) {
		if (fscanf(file, "%d", &type) != 1)
			type = -1;
		fclose(file);
	}
	return type;
}

int main(int argc, char **argv)
{
	char command[64];
	u64 hits = 0;
	struct perf_event_attr event = {.size = sizeof event, .inherit = 1};
	event.type = uprobe_type();
	event.config1 = (u64)argv[argc - 1];
	event.config2 = option(argc, argv, "--offset", 0);
	int fd = syscall(SYS_perf_event_open, &event, (pid_t)option(argc, argv, "--pid", 0), -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0) {
		say("refused %s", strerror(errno));
		return 1;
	}
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		;
	if (read(fd, &hits, sizeof hits) != sizeof hits)
		return 2;
	say("hits %lu", hits);
	return 0;
}
