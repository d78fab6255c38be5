/** System call numbers of Linux on x86-64 (arch/x86/entry/syscalls/syscall_64.tbl). */
export const syscallNumbers = {
  read: 0,
  close: 3,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  rt_sigreturn: 15,
  pread64: 17,
  pwrite64: 18,
  sched_yield: 24,
  madvise: 28,
  nanosleep: 35,
  getpid: 39,
  readlink: 89,
  tgkill: 234,
  ptrace: 101,
  getpriority: 140,
  setpriority: 141,
  getdents64: 217,
  waitid: 247,
  openat: 257,
  newfstatat: 262,
  process_vm_readv: 310,
  kcmp: 312,
  prctl: 157,
} as const

export type SyscallName = keyof typeof syscallNumbers
