import { restartInterruptedCall } from './interrupted-call.js'
import type { Registers } from './registers.js'

const EPOLL_WAIT = 232n
const EPOLL_PWAIT = 281n
const NO_EVENTS = 0n

/**
 * A traced thread is stopped for every signal, also for those that the program ignores, and epoll_wait starts again with
 * its full time after each: where they come more often than that, it would never be over. One for each thread that stays
 * traced.
 */
export class InterruptedWait {
  private since = 0
  private last = Number.NEGATIVE_INFINITY

  /**
   * Has a call restart that only the stop has ended, as `restartInterruptedCall`; or end without events, when its time has
   * passed since it was first interrupted. `isCaught`: whether the program has a handler for the signal, and so an EINTR.
   * @returns whether the registers were changed.
   */
  restart(registers: Registers, nowMs: number, isCaught: () => boolean): boolean {
    if (!restartInterruptedCall(registers)) return false
    const timeoutMs = timeoutOf(registers)
    if (timeoutMs === undefined) return true
    // It has been started again for so long that it must be another.
    if (nowMs - this.last >= timeoutMs) this.since = nowMs
    this.last = nowMs
    if (nowMs - this.since < timeoutMs || isCaught()) return true
    registers.set('rax', NO_EVENTS)
    this.last = Number.NEGATIVE_INFINITY
    return true
  }
}

/** Undefined for a call that gives no time, or for ever. */
function timeoutOf(registers: Registers): number | undefined {
  const call = registers.signed('orig_rax')
  if (call !== EPOLL_WAIT && call !== EPOLL_PWAIT) return undefined
  const timeoutMs = Number(BigInt.asIntN(32, registers.get('r10')))
  return timeoutMs > 0 ? timeoutMs : undefined
}
