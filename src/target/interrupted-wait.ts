import { type Address, address, offsetBy } from '../bytes/address.js'
import { restartInterruptedCall } from './interrupted-call.js'
import type { RegisterName, Registers } from './registers.js'

/** A call that waits for something to happen, for a time at most, and gives 0 when nothing has. */
interface TimedWait {
  readonly time: RegisterName
  readonly unit: 'milliseconds' | 'timespec'
}

/**
 * By number: where the time is (arch/x86/entry/syscalls/syscall_64.tbl, and the manual page of each). A wait that follows
 * an interrupted one at once cannot be told from it, and may be over early. Where that says nothing but that nothing has
 * happened yet, it is better than a wait without end. semtimedop and rt_sigtimedwait would say EAGAIN, that what was
 * waited for has not come in its time, which were not true: they may be late, and are not here. Nor are sockets with
 * SO_RCVTIMEO or SO_SNDTIMEO, for that reason, and because their time is not in a register: it is the socket's.
 */
const timedWaits: ReadonlyMap<bigint, TimedWait> = new Map([
  [208n, { time: 'r8', unit: 'timespec' }], // io_getevents
  [232n, { time: 'r10', unit: 'milliseconds' }], // epoll_wait
  [281n, { time: 'r10', unit: 'milliseconds' }], // epoll_pwait
  [333n, { time: 'r8', unit: 'timespec' }], // io_pgetevents
  [441n, { time: 'r10', unit: 'timespec' }], // epoll_pwait2
])

const NO_EVENTS = 0n

/** What is around an interrupted call. */
export interface Interruption {
  readonly nowMs: number
  /** Whether the program has a handler for the signal, and so an EINTR. */
  isCaught(): boolean
  /** Eight bytes of the program's memory; undefined where it has none. */
  readWord(at: Address): bigint | undefined
}

/**
 * A traced thread is stopped for every signal, also for those that the program ignores, and some waits start again with
 * their full time after each: where signals come more often than that, they would never be over. One for each thread that
 * stays traced.
 */
export class InterruptedWait {
  private since = 0
  private last = Number.NEGATIVE_INFINITY

  /**
   * Has a call restart that only the stop has ended, as `restartInterruptedCall`; or end without events, when its time has passed since it
   * was first interrupted.
   * @returns whether the registers were changed.
   */
  restart(registers: Registers, interruption: Interruption): boolean {
    if (!restartInterruptedCall(registers)) return false
    const wait = timedWaits.get(registers.signed('orig_rax'))
    const timeoutMs = wait && timeoutOf(wait, registers, interruption)
    if (wait === undefined || timeoutMs === undefined) return true
    const { nowMs } = interruption
    // It has been started again for so long that it must be another.
    if (nowMs - this.last >= timeoutMs) this.since = nowMs
    this.last = nowMs
    if (nowMs - this.since < timeoutMs || interruption.isCaught()) return true
    registers.set('rax', NO_EVENTS)
    this.last = Number.NEGATIVE_INFINITY
    return true
  }
}

/** Undefined for a call that gives no time, or for ever. */
function timeoutOf({ time, unit }: TimedWait, registers: Registers, interruption: Interruption): number | undefined {
  const value = registers.get(time)
  const timeoutMs = unit === 'timespec' ? timespecMs(value, interruption) : Number(BigInt.asIntN(32, value))
  return timeoutMs !== undefined && timeoutMs > 0 ? timeoutMs : undefined
}

function timespecMs(at: bigint, { readWord }: Interruption): number | undefined {
  if (at === 0n) return undefined
  const seconds = readWord(address(at))
  const nanoseconds = readWord(offsetBy(address(at), 8))
  return seconds === undefined || nanoseconds === undefined
    ? undefined
    : Number(seconds) * 1e3 + Number(nanoseconds) / 1e6
}
