import type { KernelDoor } from '../kernel/door.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { clean, findAreas } from '../target/clean.js'
import { TargetProcess } from '../target/target-process.js'
import type { Cleaned } from './session-types.js'

export interface CleanOptions {
  /** Also takes out what belongs to a ring3 that is alive: for tests that fail their own tracer. */
  readonly ignoreOwner?: boolean
}

/** Removes what a killed tracer left in a process. @throws KernelError */
export function cleanProcess(door: KernelDoor, pid: number, options: CleanOptions = {}): Cleaned | Refusal {
  const target = TargetProcess.open(door, pid)
  if (isRefusal(target)) return target
  using open = target
  const found = findAreas(open)
  if (found.owner !== undefined && options.ignoreOwner !== true) {
    return refuse(
      'busy',
      `ring3 (process ${found.owner}) is at work in process ${pid}: end that one, it cleans up after itself`,
    )
  }
  if (found.nothing) return { areas: 0, edits: 0, interruptedCall: false, stoppedNs: 0, remaining: [] }
  const { heldNs, ...cleaned } = clean(open, found)
  return { ...cleaned, stoppedNs: Number(heldNs) }
}
