import { type Address, offsetBy } from '../bytes/address.js'
import { EditSet, type PlacedEdit } from './edit-set.js'

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
}

export function installedArea(image: AreaImage): InstalledArea {
  return { start: image.address, size: image.bytes.length, backing: image.backing, edits: image.edits }
}

export function editSetOf(areas: readonly InstalledArea[]): EditSet {
  return new EditSet(
    areas.flatMap(({ edits }) => edits),
    areas.map(({ start, size }) => ({ start, end: offsetBy(start, size) })),
  )
}
