// The reference for counts of single instructions: single-steps a process of one thread and counts where it has been.
// step-counter PID: says `ready` when it steps; on SIGINT, which the caller sends while the process waits, prints
// `ADDRESS COUNT` lines (decimal) and leaves.
#include "program.h"
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#define SLOTS (1u << 20)
static struct { u64 address, count; } table[SLOTS];
static volatile int over;

static void on_interrupt(int signal) { (void)signal; over = 1; }

static void note(u64 address) {
  u64 at = (address * 0x9e3779b97f4a7c15) >> 44;
  while (table[at].address != address && table[at].address != 0) at = (at + 1) % SLOTS;
  table[at].address = address;
  table[at].count++;
}

int main(int argc, char **argv) {
  pid_t pid = argc > 1 ? atoi(argv[1]) : 0;
  struct sigaction action = {.sa_handler = on_interrupt};
  struct user_regs_struct registers;
  u64 before = 0;
  int status;
  sigaction(SIGINT, &action, NULL);
  if (ptrace(PTRACE_SEIZE, pid, 0, 0) || ptrace(PTRACE_INTERRUPT, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
    return 1;
  say("ready");
  while (!over) {
    if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0)) return 2;
    if (waitpid(pid, &status, 0) != pid) break; // EINTR: the process waits for its next command
    if (!WIFSTOPPED(status)) return 3;
    ptrace(PTRACE_GETREGS, pid, 0, &registers);
    // A repeated instruction traps at every repetition.
    if (registers.rip != before) note(registers.rip);
    before = registers.rip;
  }
  ptrace(PTRACE_INTERRUPT, pid, 0, 0);
  // The step out of the interrupted system call has its trap still to come: left behind, it would be the process's own.
  if (waitpid(pid, &status, 0) == pid && status >> 16 == PTRACE_EVENT_STOP) {
    ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
    waitpid(pid, &status, 0);
  }
  ptrace(PTRACE_DETACH, pid, 0, 0);
  for (u64 at = 0; at < SLOTS; at++)
    if (table[at].address != 0) say("%lu %lu", table[at].address, table[at].count);
  return 0;
}
