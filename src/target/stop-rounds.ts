import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import type { StackScanner } from './signal-stacks.js'
import type { TargetProcess } from './target-process.js'
import { letRun, type StoppedTarget, stopTarget } from './threads.js'

const ROUNDS = 200
const PAUSE_US = 2_000
/** On a busy machine a thread may wait for a processor longer than that, and be stopped again before it has run at all. */
const PAUSE_GROWTH_US = 200

/**
 * Stops a target again and again, with growing pauses in which it runs, until `attempt` has an answer.
 * @returns undefined when no stop gave one.
 * @throws KernelError
 */
export function stopUntil<T>(
  target: TargetProcess,
  attempt: (held: StoppedTarget, stacks: StackScanner) => T | undefined,
): T | Refusal | undefined {
  for (let round = 0; round < ROUNDS; round++) {
    const stacks = target.stackScanner()
    const stop = stopTarget(target.door, target.pid)
    if (isRefusal(stop)) {
      if (stop.code !== 'does-not-stop') return stop
      continue
    }
    using held = stop
    if (!target.hasSameMemory()) return refuse('target-gone', `process ${target.pid} has ended or called exec`)
    const answer = attempt(held, stacks)
    if (answer !== undefined) return answer
    held.release()
    letRun(target.door, target.pid, PAUSE_US + round * PAUSE_GROWTH_US)
  }
  return undefined
}
