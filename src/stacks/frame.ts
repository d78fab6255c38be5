import type { Address } from '../bytes/address.js'

/** Where a frame stands: what a walk needs of its registers. */
export interface Frame {
  /** Of the first frame the instruction that comes next, of its callers the one that comes behind the call. */
  readonly pc: Address
  readonly sp: Address
  /** rbp, unless the frame below has not kept it. */
  readonly fp: Address | undefined
  /** Callers do not have it kept for them: undefined in them. */
  readonly r10: Address | undefined
  /** The instruction at `pc` itself has not been executed: the first frame, or one that a signal has interrupted. */
  readonly isInterrupted: boolean
}
