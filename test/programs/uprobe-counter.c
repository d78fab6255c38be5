/*
 * A kernel uprobe that only counts, through perf_event_open, as little as the kernel can do:
 * `--offset FILE_OFFSET [--return 1] PATH`. Says `ready`; at `quit` answers `hits N`, or `refused ERRNO` when it may not.
 */
#include "program.h"
#include <linux/perf_event.h>
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

/*
 * One event per processor, for whoever maps the file: an event of one process would have to be inherited by threads born
 * later, and with such an event the kernel refuses to create threads.
 */
static int open_event(struct perf_event_attr *event, int processor)
{
	int fd = syscall(SYS_perf_event_open, event, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0) {
		say("refused %s", strerror(errno));
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	char command[64];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int fds[processors];
	u64 hits = 0, all = 0;
	struct perf_event_attr event = {.size = sizeof event};
	event.type = uprobe_type();
	event.config = option(argc, argv, "--return", 0);
	event.config1 = (u64)argv[argc - 1];
	event.config2 = option(argc, argv, "--offset", 0);
	for (long i = 0; i < processors; i++)
		fds[i] = open_event(&event, i);
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		;
	for (long i = 0; i < processors; i++, all += hits)
		if (read(fds[i], &hits, sizeof hits) != sizeof hits)
			return 2;
	say("hits %lu", all);
	return 0;
}
