import type { Address } from '../../../bytes/address.js'
import type { Refusal } from '../../../refusal/refusal.js'
import type { Instruction } from '../iced.js'

/** One displaced instruction on its way to another address. */
export interface Relocation {
  /** Decoded at its original address. */
  readonly instruction: Instruction
  readonly bytes: Uint8Array
  /** Where the instruction is in the target. */
  readonly from: Address
  /** Where its replacement begins. */
  readonly to: Address
  /** Offset of the displacement in `bytes`. Only meaningful for an instruction that has one. */
  displacementOffset(): number
  /** Where a branch to this address has to lead: the address itself, or the relocated copy of the instruction there. */
  destination(target: Address): Address | Refusal
}

/** One instruction of a replacement. */
export interface Step {
  readonly bytes: readonly number[]
  /** How a thread that stands before it gets out. The first step needs nothing, and constants are stood before by nobody. */
  readonly exit?: StepExit
}

/** See `ResumeExit`, with addresses in the target instead of offsets. */
export interface StepExit {
  readonly resumesAt: Address
  readonly stackDelta: number
  readonly restored?: StepRestored
}

/** A register gets the word at the stack pointer plus `stackOffset`, or an address of the original code. */
export type StepRestored =
  | { readonly register: number; readonly stackOffset: number }
  | { readonly register: number; readonly address: Address }

/** One way of moving an instruction: a file of this folder each. The first case of the table that applies is taken. */
export interface RelocationCase {
  readonly name: string
  applies(instruction: Instruction): boolean
  /**
   * Steps that do at `to` what the instruction does at `from`, whatever the state of registers and flags, and before
   * every one of which a signal may arrive. Their length does not depend on destinations within reach.
   */
  encode(relocation: Relocation): readonly Step[] | Refusal
}
