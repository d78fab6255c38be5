import { assert } from '../bytes/assert.js'
import { CONTROL, HEADER, type ProgramLayout } from './program-layout.js'

/** What a program's data area begins with. */
export interface ProgramHead {
  readonly seed: bigint
  /** What maps without keys hold: by map, blocks of their types; integers are 64 bits wide. */
  readonly values: ReadonlyMap<number, Uint8Array>
}

/** The bytes of the data area in front of the slots. */
export function programHead(layout: ProgramLayout, { seed, values }: ProgramHead): Buffer {
  const bytes = Buffer.alloc(layout.slotsOffset)
  bytes.writeBigUInt64LE(1n, CONTROL.live)
  bytes.writeBigUInt64LE(seed, CONTROL.seed)
  for (const [map, value] of values) {
    const place = layout.maps[map]
    assert(place?.kind === 'shared-value', 'a map without keys that holds no aggregate')
    bytes.writeUInt32LE(1, place.header + HEADER.entries)
    bytes.set(value, place.valueOffset)
  }
  return bytes
}
