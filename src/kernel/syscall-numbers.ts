/** System call numbers of Linux on x86-64 (arch/x86/entry/syscalls/syscall_64.tbl). */
export const syscallNumbers = {
  read: 0,
  close: 3,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  rt_sigaction: 13,
  rt_sigreturn: 15,
  ioctl: 16,
  pread64: 17,
  pwrite64: 18,
  sched_yield: 24,
  madvise: 28,
  nanosleep: 35,
  getpid: 39,
  kill: 62,
  readlink: 89,
  gettid: 186,
  tgkill: 234,
  ptrace: 101,
  getpriority: 140,
  setpriority: 141,
  sched_setaffinity: 203,
  sched_getaffinity: 204,
  getdents64: 217,
  clock_gettime: 228,
  waitid: 247,
  openat: 257,
  newfstatat: 262,
  get_robust_list: 274,
  perf_event_open: 298,
  process_vm_readv: 310,
  process_vm_writev: 311,
  kcmp: 312,
  prctl: 157,
} as const

export type SyscallName = keyof typeof syscallNumbers

/** Names by number. */
export const syscallNames: ReadonlyMap<number, SyscallName> = new Map(
  Object.keys(syscallNumbers)
    .filter(isSyscallName)
    .map((name) => [syscallNumbers[name], name]),
)

function isSyscallName(name: string): name is SyscallName {
  return Object.hasOwn(syscallNumbers, name)
}
