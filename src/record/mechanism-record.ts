import type { MechanismTraits } from '../probe/mechanism.js'

/** One way of catching threads, as `ring3 mechanisms` shows it. */
export interface MechanismRecord extends MechanismTraits {
  /** Where it was measured. */
  readonly cost?: MechanismCost
}

/** What a hit adds to a call, in nanoseconds; or why the mechanism cannot be had on this machine. */
export type MechanismCost = { readonly addedNs: number } | { readonly because: string }
