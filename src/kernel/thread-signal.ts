import { call, type KernelDoor } from './door.js'

/** Does nothing where nobody handles it, so that it harms neither this process nor those that it starts. */
export const INTERRUPTING_SIGNAL = 'SIGURG'
const SIGURG = 23
/** struct sigaction of the kernel (arch/x86/include/asm/signal.h): handler, flags, restorer, mask. */
const ACTION_SIZE = 32
const FLAGS_AT = 8
const SA_RESTART = 0x10000000n
const MASK_SIZE = 8

/**
 * Ends the system call that another thread of this process waits in, with EINTR. This process must have a listener for
 * `INTERRUPTING_SIGNAL`: Node would have the call restarted. A thread that is not in the call yet waits all the same: to be
 * repeated until it is known to have noticed. @throws KernelError
 */
export function interruptThread(door: KernelDoor, tid: number): void {
  forbidRestart(door)
  const pid = door.invoke({ name: 'getpid', args: [] })
  call(door, { name: 'tgkill', args: [pid, tid, SIGURG] })
}

function forbidRestart(door: KernelDoor): void {
  const action = Buffer.alloc(ACTION_SIZE)
  call(door, { name: 'rt_sigaction', args: [SIGURG, 0, action, MASK_SIZE] })
  const flags = action.readBigUInt64LE(FLAGS_AT)
  if ((flags & SA_RESTART) === 0n) return
  action.writeBigUInt64LE(flags & ~SA_RESTART, FLAGS_AT)
  call(door, { name: 'rt_sigaction', args: [SIGURG, action, 0, MASK_SIZE] })
}
