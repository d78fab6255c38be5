/*
 * Forbids itself, by a seccomp filter that kills, every system call that changes memory, then calls library functions
 * for ever. Says `ready`; at `report` answers `rounds=N wrong=0`.
 */
#include "program.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static u64 rounds, wrong;

OWN_FUNCTION u64 work(u64 n)
{
	return (n * 3 + 7) ^ n;
}

#define KILL_ON(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static void forbid(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		KILL_ON(SYS_mmap),
		KILL_ON(SYS_munmap),
		KILL_ON(SYS_mprotect),
		KILL_ON(SYS_mremap),
		KILL_ON(SYS_madvise),
		KILL_ON(SYS_brk),
		KILL_ON(SYS_memfd_create),
		KILL_ON(SYS_open),
		KILL_ON(SYS_openat),
		KILL_ON(SYS_prctl),
		KILL_ON(SYS_rt_sigprocmask),
		KILL_ON(SYS_rt_sigaction),
		KILL_ON(SYS_getpid),
		KILL_ON(SYS_clone),
		KILL_ON(SYS_clone3),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		_exit(2);
}

static void *run_worker(void *unused)
{
	(void)unused;
	struct timespec nap = {0, 200000};
	for (u64 n = 0;; n++) {
		char text[32], copy[32];
		int length = snprintf(text, sizeof text, "%lu", n);
		memcpy(copy, text, length + 1);
		wrong += strtoul(copy, NULL, 10) != n || work(n) != ((n * 3 + 7) ^ n);
		rounds++;
		if (n % 64 == 0)
			nanosleep(&nap, NULL);
	}
	return NULL;
}

int main(void)
{
	char command[64];
	pthread_t id;
	pthread_create(&id, NULL, run_worker, NULL);
	/* What a thread maps for itself when it begins must be there. */
	while (__atomic_load_n(&rounds, __ATOMIC_RELAXED) < 10)
		usleep(1000);
	forbid();
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit"))
		if (!strcmp(command, "report"))
			say("rounds=%lu wrong=%lu", rounds, wrong);
	_exit(0);
}
