import type { Address } from '../bytes/address.js'
import type { HitCoder } from '../codegen/x64/hit-code.js'
import type { TrampolineCode } from '../codegen/x64/trampolines.js'
import type { PlacedBytes } from '../target/area.js'
import type { Backing } from '../target/installation.js'

/** What trampolines do at a hit, and the data that this takes in the target. */
export interface HitWork<D extends HitData = HitData> {
  /** Bytes of an area that a site takes, beyond what a counter does. */
  bytesAt(site: Address): number
  /** Bytes that it takes once in each area. */
  readonly areaBytes: number
  dataFor(sites: number, backing: Backing): D
}

/** One data area for all sites of a plan. */
export interface HitData {
  readonly size: number
  /** What it begins with. */
  readonly head: Uint8Array
  /** What else is in it at first, when all code is there. */
  tail?(areas: readonly AreaCode[]): PlacedBytes | undefined
  /** The code of an area, for data that begins at `start`. */
  codeAt(start: Address): HitCoder
}

/** The code of an area, and its sites. */
export interface AreaCode {
  readonly start: Address
  readonly made: TrampolineCode
  /** Where the window of each site begins, by its index. */
  readonly windows: ReadonlyMap<number, Address>
}
