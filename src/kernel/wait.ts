import type { KernelDoor } from './door.js'
import { ECHILD, EINTR } from './errno.js'

const P_ALL = 0
const P_PID = 1
const WNOHANG = 1
const WSTOPPED = 2
const WEXITED = 4
const WNOWAIT = 0x01000000
/** Only what this OS thread traces: ptrace belongs to it. */
const WNOTHREAD = 0x20000000
const WALL = 0x40000000
const CLD_TRAPPED = 4
const CLD_STOPPED = 5

/** What a traced thread is seen doing. `event` is a PTRACE_EVENT number or 0. */
export type WaitResult =
  | { readonly kind: 'running' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'stopped'; readonly signal: number; readonly event: number }

/** A stop with the thread that made it. */
export interface SeenStop {
  readonly tid: number
  readonly seen: Exclude<WaitResult, { kind: 'running' }>
}

/** siginfo_t, used again by every look: many are taken while the target is held. */
const info = Buffer.alloc(128)
const CODE_AT = 8
const PID_AT = 16
const STATUS_AT = 24

const running: WaitResult = { kind: 'running' }
const gone = { kind: 'gone' } as const

/**
 * Looks at a traced thread without waiting. A stop is looked at with WNOWAIT and never reaped: a reaped stop loses its
 * signal when the tracer dies. An exit is reaped, so that the thread does not linger as a zombie.
 */
export function poll(door: KernelDoor, tid: number): WaitResult {
  const result = look(door, P_PID, tid, WNOHANG)
  if (result < 0) return result === -ECHILD ? gone : running
  return info.readInt32LE(PID_AT) === 0 ? running : whatWasSeen(door, tid)
}

/** Looks at all threads that this OS thread traces, as `poll` does: one that has stopped or ended, if any has. */
export function pollAny(door: KernelDoor): SeenStop | undefined {
  return lookAtAll(door, WNOHANG)
}

/**
 * Lets a wait in the kernel be made that nothing but a stop or a signal ends, and gives its result; or, where other work is
 * to be done, does not, and gives undefined.
 */
export type Patience = (wait: () => SeenStop | undefined) => SeenStop | undefined

/** Never waits. */
export const impatience: Patience = () => undefined

/** The same as `pollAny`, waiting until there is one, or until a signal comes to this OS thread. */
export function awaitAny(door: KernelDoor): SeenStop | undefined {
  return lookAtAll(door, 0)
}

function lookAtAll(door: KernelDoor, flags: number): SeenStop | undefined {
  if (look(door, P_ALL, 0, WNOTHREAD | flags) < 0) return undefined
  const tid = info.readInt32LE(PID_AT)
  return tid === 0 ? undefined : { tid, seen: whatWasSeen(door, tid) }
}

/** Takes a stop off the kernel's hands: only for one that no signal hangs on. */
export function reapStop(door: KernelDoor, tid: number): void {
  door.invoke({ name: 'waitid', args: [P_PID, tid, info, WSTOPPED | WNOHANG | WALL, 0] })
}

function look(door: KernelDoor, which: number, id: number, flags: number): number {
  info.writeInt32LE(0, PID_AT)
  const options = WSTOPPED | WEXITED | WNOWAIT | WALL | flags
  return door.invoke({ name: 'waitid', args: [which, id, info, options, 0] })
}

function whatWasSeen(door: KernelDoor, tid: number): SeenStop['seen'] {
  const code = info.readInt32LE(CODE_AT)
  const status = info.readInt32LE(STATUS_AT)
  if (code === CLD_TRAPPED || code === CLD_STOPPED)
    return { kind: 'stopped', signal: status & 0xff, event: status >> 8 }
  door.invoke({ name: 'waitid', args: [P_PID, tid, info, WEXITED | WNOHANG | WALL, 0] })
  return gone
}

/** How often a wait looks again at once. */
const SPINS = 100
const SHORTEST_PAUSE_US = 30
const PAUSE_GROWTH = 1.25
const LONGEST_PAUSE_US = 1000

/**
 * Pauses between looks, for something that mostly takes microseconds. `looks` counts from 0. By sleeping: who wakes up comes
 * before others that want the processor, and who yields comes after them, which may be milliseconds.
 */
export function pauseBetweenLooks(door: KernelDoor, looks: number): void {
  if (looks >= SPINS) sleep(door, Math.min(LONGEST_PAUSE_US, SHORTEST_PAUSE_US * PAUSE_GROWTH ** (looks - SPINS)))
}

/** Lets others run that wait for this processor. */
export function yieldProcessor(door: KernelDoor): void {
  door.invoke({ name: 'sched_yield', args: [] })
}

const PR_SET_TIMERSLACK = 29
const NANOSECOND = 1

/** From here on this thread’s sleeps are not made longer so that timers can be served together (50 µs, prctl(2)). */
export function sleepExactly(door: KernelDoor): void {
  door.invoke({ name: 'prctl', args: [PR_SET_TIMERSLACK, NANOSECOND, 0, 0, 0] })
}

/** Sleeps for `microseconds`. */
export function sleep(door: KernelDoor, microseconds: number): void {
  const time = Buffer.alloc(16)
  time.writeBigInt64LE(BigInt(Math.floor(microseconds / 1e6)), 0)
  time.writeBigInt64LE(BigInt(Math.floor((microseconds % 1e6) * 1000)), 8)
  // A signal of Node's own may end it early; what is left is then written back.
  while (door.invoke({ name: 'nanosleep', args: [time, time] }) === -EINTR) {}
}
