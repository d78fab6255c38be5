import { type Address, offsetBy } from '../../bytes/address.js'
import { maskOf, residentMask } from '../../codegen/x64/signals/virtual-signals.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import { findManifests } from '../find-manifests.js'
import type { FoundManifest } from '../manifest.js'
import type { StackScanner } from '../signal-stacks.js'
import { stopUntil } from '../stop-rounds.js'
import type { TargetProcess } from '../target-process.js'
import { statesOf } from '../thread-moves.js'
import type { StoppedTarget } from '../threads.js'
import type { CoreArea } from './core-area.js'
import { readSignalState, type SignalState } from './signal-state.js'

const SIGTRAP = 5

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
  const settled = stopUntil(target, (held, stacks) =>
    handling(target, core, held, stacks).size === 0 ? (work(held, stacks) ?? 'done') : undefined,
  )
  if (settled === undefined)
    return refuse('busy', `threads of process ${target.pid} do not leave ring3's signal handlers`)
  return isRefusal(settled) ? settled : undefined
}

/**
 * Threads in a resident handler, or about to be, or in a call that cannot be made again: wherever else they go on from,
 * below that, must stay as it is. @throws KernelError
 */
export function handling(
  target: TargetProcess,
  core: CoreArea,
  { threads }: StoppedTarget,
  stacks: StackScanner,
): ReadonlySet<number> {
  const { door, memory, pid } = target
  const isOurs = areaLookup(target)
  const coming = threads.filter(({ tid, registers, signal }) =>
    isComing(comingTo(readSignalState(door, pid, tid), signal), () => isOurs(registers.rip)),
  )
  const found = new Set(coming.map(({ tid }) => tid))
  for (const { tid, resumesAt } of statesOf({ door, memory, stacks }, threads)) {
    if (core.holds(resumesAt) && !core.canLeave(resumesAt)) found.add(tid)
  }
  return found
}

/** Signals that a thread gets as soon as it goes on. `signal`: one that it stands in front of, which is not pending any more. */
function comingTo(state: SignalState | undefined, signal: number | undefined): bigint {
  const pending = state === undefined ? 0n : state.pending & ~state.blocked
  return signal === undefined ? pending : pending | maskOf([signal])
}

/**
 * A resident signal will be delivered as soon as the thread goes on, and its handler will want to know of our code. That a fault
 * of the program's own is none of ours is known now: a thread that makes one after the other has one coming at every stop.
 */
function isComing(signals: bigint, isInArea: () => boolean): boolean {
  const coming = signals & residentMask
  return (coming & maskOf([SIGTRAP])) !== 0n || (coming !== 0n && isInArea())
}

/** Whether an address is in an area of ring3. They are looked for when that is first asked. */
function areaLookup(target: TargetProcess): (at: Address) => boolean {
  let areas: readonly FoundManifest[] | undefined
  return (at) => {
    areas ??= findManifests(target, target.maps())
    return areas.some(({ start, manifest }) => start <= at && at < offsetBy(start, manifest.codeSize))
  }
}
