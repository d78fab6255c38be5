import type { CounterLayout } from '../../store/counter-layout.js'
import type { Assembler, Label, Register } from './assembler.js'

/** What the code of one form of counter shares within an area: constants and a slow path. */
export interface CounterSupport {
  readonly layout: CounterLayout
  /** A word in the code area that holds the address of the first block. */
  readonly blocks: Label
  /** The routine for what is rare; only where the form has one. */
  readonly slow: Label
}

/** One hit's increment, on the inside of what saves registers and flags. */
export interface Increment {
  readonly asm: Assembler
  readonly support: CounterSupport
  /** As many as the form asks for; may be overwritten. */
  readonly scratch: readonly Register[]
  /** From the beginning of a block. */
  readonly counterOffset: number
  /** Bytes below the stack pointer that must not be touched. */
  readonly redZone: number
}

/** A way of counting that is exact. */
export interface CounterForm {
  readonly name: 'per-thread' | 'per-cpu' | 'shared'
  readonly scratchRegisters: number
  /** Emits the fast path. What it returns emits the cold part, to be placed away from the hot code. */
  emitIncrement(increment: Increment): (() => void) | undefined
  /** Emits what the support labels name, other than the address word. */
  emitSupport(asm: Assembler, support: CounterSupport): void
}
