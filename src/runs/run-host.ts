import type { KernelDoor } from '../kernel/door.js'
import type { ProcessCode } from './thread-scene.js'

/** What handlers of one run have in common. */
export interface RunHost {
  readonly door: KernelDoor
  /** The boot clock when the program began. */
  readonly startedNs: bigint
  /** How far the boot clock is ahead of the monotonic one: how long the machine has been suspended, and the same for all of a run. */
  readonly bootAheadNs: bigint
  /** The process that was started for the run. */
  readonly childPid: number | undefined
  /** The code of the target, for walking stacks. */
  readonly code: ProcessCode
  /** What `uaddr` gives for a symbol; 0 where there is none. */
  symbolAddress(name: string): bigint
}
