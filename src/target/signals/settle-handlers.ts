import { residentMask } from '../../codegen/x64/signals/virtual-signals.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import type { StackScanner } from '../signal-stacks.js'
import type { TargetProcess } from '../target-process.js'
import { statesOf } from '../thread-moves.js'
import { letRun, type StoppedTarget, stopTarget } from '../threads.js'
import type { CoreArea } from './core-area.js'
import { readSignalState, type SignalState } from './signal-state.js'

const ROUNDS = 200
const PAUSE_US = 2_000
/** On a busy machine a thread may wait for a processor longer than that, and be stopped again before it has run at all. */
const PAUSE_GROWTH_US = 200

/**
 * Runs `work` in a stop in which no thread is in a resident handler, nor has one of its signals coming, nor is in the
 * middle of an interposed call that cannot be made again. Refuses when there is no such moment.
 * @throws KernelError
 */
export function settleHandlers(
  target: TargetProcess,
  core: CoreArea,
  work: (held: StoppedTarget, stacks: StackScanner) => Refusal | undefined,
): Refusal | undefined {
  for (let round = 0; round < ROUNDS; round++) {
    const stacks = target.stackScanner()
    const stop = stopTarget(target.door, target.pid)
    if (isRefusal(stop)) {
      if (stop.code !== 'does-not-stop') return stop
      continue
    }
    using held = stop
    if (!target.hasSameMemory()) return refuse('target-gone', `process ${target.pid} has ended or called exec`)
    if (handling(target, core, held, stacks).size === 0) return work(held, stacks)
    held.release()
    letRun(target.door, target.pid, PAUSE_US + round * PAUSE_GROWTH_US)
  }
  return refuse('busy', `threads of process ${target.pid} do not leave ring3's signal handlers`)
}

/**
 * Threads in a resident handler, or about to be, or in a call that cannot be made again: wherever else they go on from,
 * below that, must stay as it is. @throws KernelError
 */
export function handling(
  { door, memory, pid }: TargetProcess,
  core: CoreArea,
  { threads }: StoppedTarget,
  stacks: StackScanner,
): ReadonlySet<number> {
  const coming = threads.filter(({ tid }) => isComing(readSignalState(door, pid, tid)))
  const found = new Set(coming.map(({ tid }) => tid))
  for (const { tid, resumesAt } of statesOf({ door, memory, stacks }, threads)) {
    if (core.holds(resumesAt) && !core.canLeave(resumesAt)) found.add(tid)
  }
  return found
}

/** A resident signal will be delivered as soon as the thread goes on. */
function isComing(state: SignalState | undefined): boolean {
  return state !== undefined && (state.pending & ~state.blocked & residentMask) !== 0n
}
