/** System calls that set a signal's action or a thread's mask (arch/x86/entry/syscalls/syscall_64.tbl). */
export const interposedCalls = {
  rt_sigaction: 13,
  rt_sigprocmask: 14,
  rt_sigsuspend: 130,
  pselect6: 270,
  ppoll: 271,
  epoll_pwait: 281,
  epoll_pwait2: 441,
} as const

export const interposedNumbers: ReadonlySet<number> = new Set(Object.values(interposedCalls))
