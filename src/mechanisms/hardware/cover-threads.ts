import type { KernelDoor } from '../../kernel/door.js'
import { sleep } from '../../kernel/wait.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import { listThreads } from '../../target/process-state.js'
import { stopTarget } from '../../target/threads.js'

/** Tries to find the threads of a target that cannot be held, while it makes others. */
const MAX_ROUNDS = 100
/** Longer than a thread is being made by clone(2) before it is listed. */
const BIRTH_US = 5_000

export interface Covered<T> {
  readonly opened: T
  /** How long the target was held, in nanoseconds. */
  readonly heldNs: bigint
}

/**
 * Opens something on every thread of a process, which the threads that these make inherit. The target is held meanwhile:
 * else nobody could tell whether a thread that was just born has inherited it or not. A target that another tracer has,
 * or that may not be traced, runs on, and is tried again until no thread was born meanwhile; there a thread whose birth
 * takes longer than BIRTH_US would be missed.
 */
export function coverThreads<T extends Disposable>(
  door: KernelDoor,
  pid: number,
  open: (tids: readonly number[]) => T | Refusal,
): Covered<T> | Refusal {
  const stopped = stopTarget(door, pid)
  if (isRefusal(stopped)) return canDoWithout(stopped) ? coverRunning(door, pid, open) : stopped
  using held = stopped
  const opened = open(held.threads.map(({ tid }) => tid))
  held.release()
  return isRefusal(opened) ? opened : { opened, heldNs: held.heldNs() }
}

function canDoWithout({ code }: Refusal): boolean {
  return code === 'already-traced' || code === 'not-permitted'
}

function coverRunning<T extends Disposable>(
  door: KernelDoor,
  pid: number,
  open: (tids: readonly number[]) => T | Refusal,
): Covered<T> | Refusal {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const tids = new Set(listThreads(door, pid))
    const opened = open([...tids])
    if (isRefusal(opened)) return opened
    sleep(door, BIRTH_US)
    if (listThreads(door, pid).every((tid) => tids.has(tid))) return { opened, heldNs: 0n }
    opened[Symbol.dispose]()
  }
  return refuse('does-not-stop', `process ${pid} makes threads faster than they can be listed, and cannot be held`)
}
