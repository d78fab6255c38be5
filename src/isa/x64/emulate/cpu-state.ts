import { type Address, hex } from '../../../bytes/address.js'
import type { registerNames } from '../registers.js'

export type GeneralRegisterName = (typeof registerNames)[number]

/** Bytes of an operand. */
export type OperandSize = 1 | 2 | 4 | 8

/** The registers and memory of a stopped thread, as an emulated instruction sees them. Values are unsigned. */
export interface CpuState {
  get(register: GeneralRegisterName): bigint
  set(register: GeneralRegisterName, value: bigint): void
  rip: Address
  eflags: bigint
  readonly fsBase: bigint
  readonly gsBase: bigint
  /** @throws MemoryFault where the thread itself would fault */
  read(at: Address, size: OperandSize): bigint
  /** Takes effect at once, or not at all. @throws MemoryFault */
  write(at: Address, size: OperandSize, value: bigint): void
}

/** The thread cannot access that memory: it has to execute the instruction itself, and fault. */
export class MemoryFault extends Error {
  constructor(readonly at: Address) {
    super(`the target has no such memory at ${hex(at)}`)
  }
}
