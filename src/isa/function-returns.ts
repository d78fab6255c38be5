import type { Vaddr } from '../bytes/address.js'
import type { Refusal } from '../refusal/refusal.js'

/**
 * Where the calls of a function end, if nothing unwinds them, be it in other functions that it jumps to. At all of these
 * instructions the stack pointer is what it was at the function’s first, and points to the return address.
 */
export interface FunctionReturns extends CallEnds {
  readonly kind: 'returns'
  /** The functions in which its calls may go on, in the order in which they are found. */
  readonly followed: readonly FollowedFunction[]
}

/** No instruction is in two of these. */
export interface FollowedFunction extends CallEnds {
  readonly begin: Vaddr
}

export interface CallEnds {
  /** Instructions that return, also in parts of the function that the compiler has put elsewhere. Sorted. */
  readonly at: readonly Vaddr[]
  /** Jumps to the beginnings of functions that are followed. Sorted. */
  readonly tailJumps: readonly Vaddr[]
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
 * Finds where the function that begins at an address returns. Refused: `unknown-boundaries`, `no-return`, `not-probeable`,
 * `growing-stack` where stacks move, `tail-call` where it goes on in functions that cannot be followed.
 */
export type ReturnFinder = (entry: Vaddr) => FunctionReturns | Refusal
