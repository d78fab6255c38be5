import type { Address } from '../bytes/address.js'
import type { HitCoder } from '../codegen/x64/hit-code.js'
import type { PlacedBytes } from '../target/area.js'
import type { Backing } from '../target/installation.js'

/** What trampolines do at a hit, and the data that this takes in the target. */
export interface HitWork<D extends HitData = HitData> {
  /** Bytes of an area that each of its sites takes, beyond what a counter does. */
  readonly siteBytes: number
  /** Bytes that it takes once in each area. */
  readonly areaBytes: number
  dataFor(sites: number, backing: Backing): D
}

/** One data area for all sites of a plan. */
export interface HitData {
  readonly size: number
  /** What it begins with. */
  readonly head: Uint8Array
  /** What else is in it at first. */
  readonly tail?: PlacedBytes | undefined
  /** The code of an area, for data that begins at `start`. */
  codeAt(start: Address): HitCoder
}
