import type { Address } from '../bytes/address.js'
import type { Architecture, WindowLength } from '../isa/site-analysis.js'
import type { Refusal } from '../refusal/refusal.js'
import type { Site } from './site.js'

/** What is written at a site so that threads come to its trampoline. */
export interface PatchStyle {
  /** Bytes overwritten. `near`: the area lies within reach of a 32-bit displacement. */
  windowLength(near: boolean): WindowLength
  /** Whether threads are led by a signal handler, which finds the trampolines in a table. */
  readonly bySignal: boolean
  encode(arch: Architecture, site: Address, trampoline: Address, near: boolean): Uint8Array | Refusal
}

/** A site, and what is written there. */
export interface StyledSite {
  readonly site: Site
  readonly style: PatchStyle
  readonly passedOver: readonly PassedStyle[]
}

/** A style that came before, and what spoke against it. */
export interface PassedStyle {
  readonly style: PatchStyle
  readonly refusal: Refusal
}
