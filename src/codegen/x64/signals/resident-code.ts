import { type Address, offsetBy } from '../../../bytes/address.js'
import { assembleListing, labelOffset } from '../listing.js'
import { handlerFixups, handlerListing, TABLE_SLOTS } from './handler-listing.js'
import { serviceFixups, serviceListing } from './service-listing.js'
import type { VirtualSignals } from './virtual-signals.js'

/** Offsets from the beginning of the code. */
export interface ResidentPlaces {
  /** Where stubs go, with rcx where to go on. */
  readonly service: number
  readonly handler: number
  readonly restorer: number
  /** A word: as long as it is 0, interposed calls are made as the program wants them. */
  readonly live: number
  /** Words with the addresses of tables. */
  readonly traps: number
  readonly fixups: number
  readonly origins: number
  /** Where the code ends and the words begin. */
  readonly words: number
  /** A thread at one of these can make its call again from the beginning. */
  readonly rewind: { readonly from: number; readonly to: number }
  /** A thread at one of these has made its call. */
  readonly forward: { readonly from: number; readonly to: number }
}

export interface ResidentCode {
  readonly code: Buffer
  readonly places: ResidentPlaces
}

const emptySlots = `${'.quad 0\n'.repeat(TABLE_SLOTS)}`

/** The service of interposed calls and the resident handlers, to be placed at `base`. */
export function residentCode(base: Address, virtual: VirtualSignals): ResidentCode {
  const { code, labels } = assembleListing(
    [
      serviceListing(virtual),
      handlerListing(virtual),
      `.balign 8\nwords:\nlive:\n.quad 0\ntraps:\n${emptySlots}origins:\n${emptySlots}fixups:\n${emptySlots}own_fixups:`,
    ].join('\n'),
  )
  const at = (label: string): number => labelOffset(labels, label)
  const own = fixupTable(base, labels)
  code.writeBigUInt64LE(offsetBy(base, at('own_fixups')), at('fixups'))
  const places: ResidentPlaces = {
    service: at('service'),
    handler: at('handler'),
    restorer: at('restorer'),
    live: at('live'),
    traps: at('traps'),
    fixups: at('fixups'),
    origins: at('origins'),
    words: at('words'),
    rewind: { from: at('rewind_from'), to: at('final') },
    forward: { from: at('forward_from'), to: at('forward_from') },
  }
  return { code: Buffer.concat([code, own]), places }
}

function fixupTable(base: Address, labels: ReadonlyMap<string, number>): Buffer {
  const absolute = (label: string): Address => offsetBy(base, labelOffset(labels, label))
  return encodeTable([...serviceFixups, ...handlerFixups].map(([at, landing]) => [absolute(at), absolute(landing)]))
}

/** A table as the handlers read it: the count, then pairs sorted by the first. */
export function encodeTable(pairs: readonly (readonly [Address, Address])[]): Buffer {
  const bytes = Buffer.alloc(8 + 16 * pairs.length)
  bytes.writeBigUInt64LE(BigInt(pairs.length))
  const sorted = pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  for (const [index, [key, value]] of sorted.entries()) {
    bytes.writeBigUInt64LE(key, 8 + 16 * index)
    bytes.writeBigUInt64LE(value, 16 + 16 * index)
  }
  return bytes
}
