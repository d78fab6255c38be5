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

/**
 * Finds where the function that begins at an address returns. Refused: `unknown-boundaries`, `tail-call` where another function
 * may return in its place, `no-return`, `not-probeable`, `growing-stack` where stacks move.
 */
export type ReturnFinder = (entry: Vaddr) => FunctionReturns | Refusal
