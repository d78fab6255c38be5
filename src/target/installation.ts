import { type Address, offsetBy } from '../bytes/address.js'
import { EditSet, type PlacedEdit } from './edit-set.js'
import type { SignalsPart } from './manifest.js'

/** Where an area's memory comes from: a mapping of its own, or the unused end of a page that the program has anyway. */
export type Backing = 'mapped' | 'padding'

/** A range of memory that was added to the target. */
export interface AddedRange {
  readonly start: Address
  readonly size: number
  readonly backing: Backing
}

/** A code area with the edits that lead into it. */
export interface InstalledArea extends AddedRange {
  readonly edits: readonly PlacedEdit[]
  readonly signals?: SignalsPart
}

/** Everything that was added to a target by one request, and has to be taken out together. */
export interface Installation {
  readonly areas: readonly InstalledArea[]
  readonly data: AddedRange | undefined
}

/** A code area that is still to be made: its bytes begin with the manifest. */
export interface AreaImage {
  readonly address: Address
  readonly backing: Backing
  readonly bytes: Buffer
  readonly edits: readonly PlacedEdit[]
  readonly signals?: SignalsPart
}

export function installedArea(image: AreaImage): InstalledArea {
  const { address: start, backing, bytes, edits, signals } = image
  return { start, size: bytes.length, backing, edits, ...(signals === undefined ? {} : { signals }) }
}

export function editSetOf(areas: readonly InstalledArea[]): EditSet {
  return new EditSet(
    areas.flatMap(({ edits }) => edits),
    areas.map(({ start, size }) => ({ start, end: offsetBy(start, size) })),
  )
}
