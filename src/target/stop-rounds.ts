import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import type { StackScanner } from './signal-stacks.js'
import type { TargetProcess } from './target-process.js'
import { letRun, type StoppedTarget, stopTarget } from './threads.js'

/** Stops of a target that is to come to where it can be left, and the pauses in between: 12 s in all. */
export const ROUNDS = 50
const FIRST_PAUSE_US = 2_000
const LONGEST_PAUSE_US = 500_000
const GROWTH = 1.2

/**
 * How long a target runs on after so many stops, in whole microseconds. On a busy machine a thread may wait for a processor longer than
 * a short pause, and be stopped again before it has run at all.
 */
export function pauseAfter(round: number): number {
  return Math.round(Math.min(LONGEST_PAUSE_US, FIRST_PAUSE_US * GROWTH ** round))
}

/**
 * Stops a target again and again, with growing pauses in which it runs, until `attempt` has an answer. Its first thread can make
 * remote calls then.
 * @returns undefined when no stop gave one.
 * @throws KernelError
 */
export function stopUntil<T>(
  target: TargetProcess,
  attempt: (held: StoppedTarget, stacks: StackScanner) => T | undefined,
): T | Refusal | undefined {
  for (let round = 0; round < ROUNDS; round++) {
    const stacks = target.stackScanner()
    const stop = stopTarget(target.door, target.pid, { caller: target.tid })
    if (isRefusal(stop)) {
      if (stop.code !== 'does-not-stop') return stop
      continue
    }
    using held = stop
    if (!target.hasSameMemory()) return refuse('target-gone', `process ${target.pid} has ended or called exec`)
    const answer = attempt(held, stacks)
    if (answer !== undefined) return answer
    held.release()
    letRun(target.door, target.pid, pauseAfter(round))
  }
  return undefined
}
