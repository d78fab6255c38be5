import type { Vaddr } from '../bytes/address.js'
import type { Refusal } from '../refusal/refusal.js'

/**
 * Where the calls of a function end, if nothing unwinds them: at one of these instructions the stack pointer is what it was at
 * the function's first, and points to the return address.
 */
export interface FunctionReturns {
  readonly kind: 'returns'
  /** Instructions that return, also in parts of the function that the compiler has put elsewhere. Sorted. */
  readonly at: readonly Vaddr[]
}

/** An instruction by which a function jumps to another one, which then returns to the caller in its place. */
export interface TailJump {
  readonly at: Vaddr
  /** Where it goes; undefined where a pointer says so. */
  readonly to: Vaddr | undefined
}

/** How a function can be left, if nothing unwinds it. At all of these the stack pointer is what it was at the first instruction. */
export interface FunctionExits {
  readonly kind: 'exits'
  /** As in `FunctionReturns`. */
  readonly returns: readonly Vaddr[]
  /** Sorted. */
  readonly tailJumps: readonly TailJump[]
}

/**
 * Finds how the function that begins at an address is left. Refused as by `ReturnFinder`; `tail-call` only where it cannot be told
 * whether a jump leaves the function.
 */
export type ExitFinder = (entry: Vaddr) => FunctionExits | Refusal

/**
 * Finds where the function that begins at an address returns. Refused: `unknown-boundaries`, `tail-call` where another function
 * may return in its place, `no-return`, `not-probeable`, `growing-stack` where stacks move.
 */
export type ReturnFinder = (entry: Vaddr) => FunctionReturns | Refusal
