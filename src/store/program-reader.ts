import { sizeOf } from '../ir/layout.js'
import type { MapDeclaration, Program } from '../ir/program.js'
import { isAggregate, type ValueType } from '../ir/value-type.js'
import { aggregateState, presentState } from './aggregate-layout.js'
import { type AggregateState, emptyState, mergeStates } from './aggregate-state.js'
import type { MapEntry, MapSnapshot } from './map-snapshot.js'
import {
  CONTROL,
  HEADER,
  type MapLayout,
  PLACE,
  PLACE_KEY,
  type ProgramLayout,
  type SharedValueLayout,
  slotOffset,
  type TableLayout,
  type ThreadAggregateLayout,
  type ThreadRowsLayout,
} from './program-layout.js'
import type { WarningPlace } from './warning-places.js'

/** Bytes of a program's data area. What the target holds there is not trusted. */
export type ReadArea = (offset: number, length: number) => Uint8Array

export interface CountedWarning extends WarningPlace {
  readonly count: number
}

/** Decodes the data area of a program. Nothing that the bytes hold makes it throw. */
export class ProgramReader {
  constructor(
    readonly program: Pick<Program, 'maps'>,
    readonly layout: ProgramLayout,
    readonly read: ReadArea,
  ) {}

  /** Hits of threads without a slot, and statements of signal handlers' hits that came in the middle of another one's. */
  missedHits(): bigint {
    return this.#word(CONTROL.missed)
  }

  /** Warnings that have been made, with how often. */
  warnings(): CountedWarning[] {
    const { warnings, warningsOffset } = this.layout
    const counts = wordsOf(this.read(warningsOffset, 8 * warnings.length))
    return warnings.map((place, at) => ({ ...place, count: Number(counts[at] ?? 0n) })).filter(({ count }) => count > 0)
  }

  /** The slots that threads have taken. */
  usedSlots(): number[] {
    const directory = this.read(this.layout.directoryOffset, this.layout.slots)
    return [...directory.entries()].filter(([, used]) => used !== 0).map(([slot]) => slot)
  }

  snapshot(map: number): MapSnapshot {
    const declaration = this.program.maps[map]
    const layout = this.layout.maps[map]
    if (declaration === undefined || layout === undefined) throw new RangeError(`there is no map ${map}`)
    return { declaration, entries: this.#entries(declaration, layout) }
  }

  #entries(declaration: MapDeclaration, layout: MapLayout): MapEntry[] {
    // Those that have places of their own are not looked for: nobody asks.
    if (layout.kind === 'calls') return this.#tableEntries(declaration, layout.table)
    if (layout.kind === 'table') return this.#tableEntries(declaration, layout)
    if (layout.kind === 'thread-rows') return this.#rows(declaration, layout)
    const value =
      layout.kind === 'shared-value' ? this.#sharedValue(declaration, layout) : this.#merged(declaration, layout)
    return value === undefined ? [] : [{ key: undefined, value }]
  }

  #sharedValue({ value }: MapDeclaration, layout: SharedValueLayout): Uint8Array | undefined {
    const entries = BigInt.asUintN(32, this.#word(layout.header + HEADER.entries))
    return entries === 0n ? undefined : this.read(layout.valueOffset, sizeOf(value))
  }

  #merged({ value }: MapDeclaration, layout: ThreadAggregateLayout): AggregateState | undefined {
    if (!isAggregate(value)) return undefined
    const generation = this.#word(layout.header + HEADER.entries) >> 32n
    const states = this.usedSlots().flatMap((slot) => {
      const start = slotOffset(this.layout, slot)
      const tag = layout.tagInSlot === undefined ? generation : this.#word(start + layout.tagInSlot)
      const state = aggregateState(value, wordsOf(this.read(start + layout.inSlot, 8 * layout.words)))
      return state === undefined || tag !== generation ? [] : [state]
    })
    const isZeroed = this.#word(layout.header + HEADER.zeroed) === 1n
    if (states.length === 0 && !isZeroed) return undefined
    return states.reduce((a, b) => mergeStates(a, b, value), emptyState(value))
  }

  #rows({ key, value }: MapDeclaration, { inSlot, words, keys }: ThreadRowsLayout): MapEntry[] {
    if (!isAggregate(value) || key === undefined) return []
    const parts = this.usedSlots().map((slot) =>
      this.read(slotOffset(this.layout, slot) + inSlot, 8 * words * keys.length),
    )
    return keys.flatMap((known, row) => {
      const states = parts.flatMap((part) => {
        const state = aggregateState(value, wordsOf(part.subarray(8 * words * row, 8 * words * (row + 1))))
        return state === undefined ? [] : [state]
      })
      if (states.length === 0) return []
      const state = states.reduce((a, b) => mergeStates(a, b, value), emptyState(value))
      return [{ key: wordBytes(known).subarray(0, sizeOf(key)), value: state }]
    })
  }

  #tableEntries(declaration: MapDeclaration, layout: TableLayout): MapEntry[] {
    const { key, value } = declaration
    if (key === undefined) return []
    const generation = this.#word(layout.header + HEADER.entries) >> 32n
    const bytes = this.read(layout.offset, layout.placeSize * 2 ** layout.shift)
    const states = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const entries = new Map<string, MapEntry>()
    for (let at = 0; at + layout.placeSize <= bytes.length; at += layout.placeSize) {
      const state = states.getBigUint64(at, true)
      if (state !== ((generation << 32n) | BigInt(PLACE.ready))) continue
      const keyBytes = bytes.slice(at + PLACE_KEY, at + PLACE_KEY + sizeOf(key))
      const held = bytes.slice(at + layout.valueOffset, at + layout.valueOffset + layout.valueSize)
      const id = Buffer.from(keyBytes).toString('latin1')
      entries.set(id, merged(entries.get(id), { key: keyBytes, value: tableValue(held, value) }, value))
    }
    return [...entries.values()]
  }

  #word(offset: number): bigint {
    return wordsOf(this.read(offset, 8))[0] ?? 0n
  }
}

function wordBytes(word: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(word)
  return bytes
}

function tableValue(held: Uint8Array, type: ValueType): MapEntry['value'] {
  return isAggregate(type) ? presentState(type, wordsOf(held)) : held.slice(0, sizeOf(type))
}

/** A key that is deleted and made anew while the table is being read may be seen twice. */
function merged(known: MapEntry | undefined, entry: MapEntry, type: ValueType): MapEntry {
  if (known === undefined || !isAggregate(type)) return known ?? entry
  return isState(known.value) && isState(entry.value)
    ? { ...known, value: mergeStates(known.value, entry.value, type) }
    : known
}

function isState(value: Uint8Array | AggregateState): value is AggregateState {
  return 'kind' in value
}

/** Little-endian, whatever the bytes' alignment. */
export function wordsOf(bytes: Uint8Array): BigUint64Array {
  const copy = Uint8Array.from(bytes.subarray(0, bytes.length - (bytes.length % 8)))
  return new BigUint64Array(copy.buffer)
}
