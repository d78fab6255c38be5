import type { Instruction } from 'iced-x86'
import type { Address } from '../../../bytes/address.js'
import type { Refusal } from '../../../refusal/refusal.js'

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

/** One way of moving an instruction: a file of this folder each. The first case of the table that applies is taken. */
export interface RelocationCase {
  readonly name: string
  applies(instruction: Instruction): boolean
  /**
   * Bytes that do at `to` what the instruction does at `from`, whatever the state of registers and flags, and at every
   * point of which a signal may arrive. Their number does not depend on destinations within reach.
   */
  encode(relocation: Relocation): readonly number[] | Refusal
}
