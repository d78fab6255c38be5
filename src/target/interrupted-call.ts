import type { Registers } from './registers.js'

const EINTR = -4n
const ERESTARTNOHAND = -514n

/**
 * Calls that the kernel ends with EINTR after any stop, handler or not (signal(7), "interruption of system calls by
 * stop signals", and measured): by number, from arch/x86/entry/syscalls/syscall_64.tbl.
 */
const endedByStops: ReadonlySet<bigint> = new Set([
  0n, // read, of a socket with SO_RCVTIMEO
  1n, // write, of a socket with SO_SNDTIMEO
  19n, // readv
  20n, // writev
  42n, // connect, with SO_SNDTIMEO
  43n, // accept
  44n, // sendto
  45n, // recvfrom
  46n, // sendmsg
  47n, // recvmsg
  65n, // semop
  128n, // rt_sigtimedwait
  208n, // io_getevents
  220n, // semtimedop
  232n, // epoll_wait
  281n, // epoll_pwait
  288n, // accept4
  299n, // recvmmsg
  307n, // sendmmsg
  333n, // io_pgetevents
  426n, // io_uring_enter
  441n, // epoll_pwait2
])

/**
 * In a signal-type stop: turns an EINTR that only the stop has caused into a restart. If a signal handler runs after
 * all, the kernel makes it EINTR again (ERESTARTNOHAND).
 * @returns whether the registers were changed.
 */
export function restartInterruptedCall(registers: Registers): boolean {
  if (registers.signed('rax') !== EINTR || !endedByStops.has(registers.signed('orig_rax'))) return false
  registers.set('rax', ERESTARTNOHAND)
  return true
}

const restartCodes: ReadonlySet<bigint> = new Set([-512n, -513n, -514n, -516n])

/** True when the kernel will run the interrupted system call again once the thread goes on. */
export function isRestarting(registers: Registers): boolean {
  return registers.signed('orig_rax') >= 0n && restartCodes.has(registers.signed('rax'))
}
