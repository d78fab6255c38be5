import type { Address } from '../bytes/address.js'
import type { UnwindTable } from '../dwarf/unwind-table.js'
import type { Frame } from './frame.js'

/** How stacks are walked through some code: `address = link-time address + bias`. */
export interface Unwinding {
  readonly table: UnwindTable
  readonly bias: bigint
}

/** What a walk asks about the process whose stack it walks. */
export interface StackScene {
  /** The 8 bytes at an address; undefined where they cannot be read. */
  readWord(at: Address): bigint | undefined
  /** The module that an address belongs to; undefined for code that is in none. */
  unwindingAt(pc: Address): Unwinding | undefined
  /** The frame as it would be without the probes, where it stands in code that is not the program's; else as it is. */
  settle(frame: Frame): Frame
}
