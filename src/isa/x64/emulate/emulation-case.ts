import type { Address } from '../../../bytes/address.js'
import type { Instruction } from '../iced.js'
import type { CpuState } from './cpu-state.js'

/**
 * What an emulation touches besides registers. An access by the tracer is not atomic towards other threads: harmless on
 * a thread's own stack, and a possible torn read or write elsewhere.
 */
export type MemoryUse = 'none' | 'stack' | 'any'

/** An instruction to be emulated, decoded at its address. Gone when `emulate` returns. */
export interface Emulated {
  readonly instruction: Instruction
  /** Address behind the instruction. */
  readonly next: Address
}

/**
 * Reads everything, then writes memory, then registers: a fault leaves registers as they were, and a tracer killed
 * between the writes has the instruction executed again with the same effect.
 * @returns where the thread goes on, or undefined if nothing was changed because this state is beyond emulation
 */
export type Action = (cpu: CpuState) => Address | undefined

/** One kind of instruction: a file of this folder each. The first case of the table that applies is taken. */
export interface EmulationCase {
  readonly name: string
  applies(instruction: Instruction): boolean
  /** Undefined for forms that are not emulated. */
  emulate(emulated: Emulated): { readonly memory: MemoryUse; readonly action: Action } | undefined
}
