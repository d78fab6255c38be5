import type { KernelDoor } from './door.js'
import { ECHILD, EINTR } from './errno.js'

const P_PID = 1
const WNOHANG = 1
const WSTOPPED = 2
const WEXITED = 4
const WNOWAIT = 0x01000000
const WALL = 0x40000000
const CLD_TRAPPED = 4
const CLD_STOPPED = 5

/** What a traced thread is seen doing. `event` is a PTRACE_EVENT number or 0. */
export type WaitResult =
  | { readonly kind: 'running' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'stopped'; readonly signal: number; readonly event: number }

/** siginfo_t, used again by every look: many are taken while the target is held. */
const info = Buffer.alloc(128)

const running: WaitResult = { kind: 'running' }
const gone: WaitResult = { kind: 'gone' }

/**
 * Looks at a traced thread without waiting. A stop is looked at with WNOWAIT and never reaped: a reaped stop loses its
 * signal when the tracer dies. An exit is reaped, so that the thread does not linger as a zombie.
 */
export function poll(door: KernelDoor, tid: number): WaitResult {
  info.fill(0)
  const look = WSTOPPED | WEXITED | WNOHANG | WALL
  const result = door.invoke({ name: 'waitid', args: [P_PID, tid, info, look | WNOWAIT, 0] })
  if (result < 0) return result === -ECHILD ? gone : running
  const code = info.readInt32LE(8)
  if (info.readInt32LE(16) === 0) return running
  const status = info.readInt32LE(24)
  if (code === CLD_TRAPPED || code === CLD_STOPPED)
    return { kind: 'stopped', signal: status & 0xff, event: status >> 8 }
  door.invoke({ name: 'waitid', args: [P_PID, tid, info, WEXITED | WNOHANG | WALL, 0] })
  return gone
}

/** How often a wait looks again at once: who yields on a busy machine is away for milliseconds. */
const SPINS = 64
/** How often a wait only yields before it begins to sleep: sleeping is far coarser than what is waited for. */
const YIELDS = 2000
const LONGEST_PAUSE_US = 1000

/** Pauses between looks, for something that mostly takes microseconds. `looks` counts from 0. */
export function pauseBetweenLooks(door: KernelDoor, looks: number): void {
  if (looks < SPINS) return
  if (looks < YIELDS) door.invoke({ name: 'sched_yield', args: [] })
  else sleep(door, Math.min(LONGEST_PAUSE_US, 50 + looks - YIELDS))
}

/** Sleeps for `microseconds`. */
export function sleep(door: KernelDoor, microseconds: number): void {
  const time = Buffer.alloc(16)
  time.writeBigInt64LE(BigInt(Math.floor(microseconds / 1e6)), 0)
  time.writeBigInt64LE(BigInt(Math.floor((microseconds % 1e6) * 1000)), 8)
  // A signal of Node's own may end it early; what is left is then written back.
  while (door.invoke({ name: 'nanosleep', args: [time, time] }) === -EINTR) {}
}
