import type { Address } from '../bytes/address.js'
import type { Architecture, WindowLength } from '../isa/site-analysis.js'
import type { Refusal } from '../refusal/refusal.js'

/** What is written at a site so that threads come to its trampoline. */
export interface PatchStyle {
  /** Bytes overwritten. `near`: the area lies within reach of a 32-bit displacement. */
  windowLength(near: boolean): WindowLength
  /** Whether threads are led by a signal handler, which finds the trampolines in a table. */
  readonly bySignal: boolean
  encode(arch: Architecture, site: Address, trampoline: Address, near: boolean): Uint8Array | Refusal
}
