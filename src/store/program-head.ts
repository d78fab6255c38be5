import { assert } from '../bytes/assert.js'
import { CONTROL, HEADER, type ProgramLayout } from './program-layout.js'

/** What a program's data area begins with. */
export interface ProgramHead {
  readonly seed: bigint
  /** How the time-stamp counter tells the time: see CONTROL. Undefined where no handler asks for it. */
  readonly clock: ProgramClock | undefined
  /** What maps without keys hold: by map, blocks of their types; integers are 64 bits wide. */
  readonly values: ReadonlyMap<number, Uint8Array>
}

export interface ProgramClock {
  readonly base: bigint
  readonly multiplier: bigint
  /** What the clocks showed at `base`. */
  readonly boot: bigint
  readonly monotonic: bigint
  readonly tai: bigint
  /** When the program began, by the boot clock. */
  readonly start: bigint
}

/** The bytes of the data area in front of the slots. */
export function programHead(layout: ProgramLayout, { seed, clock, values }: ProgramHead): Buffer {
  const bytes = Buffer.alloc(layout.slotsOffset)
  bytes.writeBigUInt64LE(1n, CONTROL.live)
  bytes.writeBigUInt64LE(seed, CONTROL.seed)
  const { stackTablesOffset, size } = layout
  if (size > stackTablesOffset) bytes.writeBigUInt64LE(BigInt(stackTablesOffset), CONTROL.stackTables)
  if (clock !== undefined) writeClock(bytes, clock)
  for (const [map, value] of values) {
    const place = layout.maps[map]
    assert(place?.kind === 'shared-value', 'a map without keys that holds no aggregate')
    bytes.writeUInt32LE(1, place.header + HEADER.entries)
    bytes.set(value, place.valueOffset)
  }
  return bytes
}

function writeClock(bytes: Buffer, clock: ProgramClock): void {
  bytes.writeBigUInt64LE(clock.base, CONTROL.tscBase)
  for (const word of ['multiplier', 'boot', 'monotonic', 'tai', 'start'] as const)
    bytes.writeBigUInt64LE(clock[word], CONTROL[word])
}
