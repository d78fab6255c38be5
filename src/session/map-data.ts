import { unreachable } from '../bytes/assert.js'
import type { Bucket, DataValue, MapValue, SeriesPoint, StackFrame } from '../record/data-value.js'
import type { MapRecord } from '../record/map-record.js'

/** An integer, as a number where that is exact. */
export type Integer = number | bigint

/** A value of a script. Tuples and arrays are arrays, stacks are arrays of frames with `address` and, where it is known, `symbol`, `offset` and `module`; records of the script are objects, buffers are bytes. */
export type Data = Integer | string | boolean | null | Uint8Array | readonly Data[] | { readonly [field: string]: Data }

/** From `from` (included) to `to` (not included); a side without a bound is undefined. */
export interface HistogramBucket {
  readonly from: Integer | undefined
  readonly to: Integer | undefined
  readonly count: Integer
}

/** Counts by range: hist() and lhist(). */
export class Histogram {
  constructor(readonly buckets: readonly HistogramBucket[]) {}
}

/** What stats() has taken in. */
export class Stats {
  constructor(
    readonly count: Integer,
    readonly average: Integer,
    readonly total: Integer,
  ) {}
}

/** `value` is null where there was none. Nanoseconds since 1970. */
export interface SeriesValue {
  readonly timeNs: bigint
  readonly value: Integer | null
}

/** Values by interval: tseries(). */
export class Series {
  constructor(
    readonly intervalNs: bigint,
    readonly points: readonly SeriesValue[],
  ) {}
}

export type MapEntryData = Data | Histogram | Stats | Series

/** A map with keys, in the order in which it is printed. */
export class KeyedMap implements Iterable<readonly [key: Data, value: MapEntryData]> {
  readonly #entries: readonly (readonly [Data, MapEntryData])[]

  constructor(entries: readonly (readonly [Data, MapEntryData])[]) {
    this.#entries = entries
  }

  get size(): number {
    return this.#entries.length
  }

  /** The value of a key; a tuple's parts one after the other. */
  get(...key: readonly Data[]): MapEntryData | undefined {
    const wanted = keyText(key.length === 1 ? (key[0] ?? null) : key)
    return this.#entries.find(([each]) => keyText(each) === wanted)?.[1]
  }

  [Symbol.iterator](): Iterator<readonly [key: Data, value: MapEntryData]> {
    return this.#entries[Symbol.iterator]()
  }
}

/** The maps of a script by name, without the `@`. The map `@` has the empty name. One that nothing was put into is undefined. */
export type MapsData = Readonly<Record<string, KeyedMap | MapEntryData | undefined>>

export function mapsData(records: readonly MapRecord[]): MapsData {
  return Object.fromEntries(records.map((record) => [record.name.slice(1), mapData(record)]))
}

export function mapData({ keyed, entries }: MapRecord): KeyedMap | MapEntryData | undefined {
  if (keyed) return new KeyedMap(entries.map(([key, value]) => [dataOf(key), entryData(value)]))
  const [first] = entries
  return first && entryData(first[1])
}

function entryData(value: MapValue): MapEntryData {
  switch (value.kind) {
    case 'histogram':
      return new Histogram(value.buckets.map(bucketData))
    case 'average':
      return integer(value.value)
    case 'stats':
      return new Stats(integer(value.count), integer(value.average), integer(value.total))
    case 'series':
      return new Series(value.intervalNs, value.points.map(pointData))
    default:
      return dataOf(value)
  }
}

function bucketData({ from, to, count }: Bucket): HistogramBucket {
  return { from: from && integer(from.value), to: to && integer(to.value), count: integer(count) }
}

function pointData({ timeNs, value }: SeriesPoint): SeriesValue {
  return { timeNs, value: value === undefined ? null : integer(value) }
}

/** A value of a script as one of JavaScript. */
export function dataOf(value: DataValue): Data {
  switch (value.kind) {
    case 'integer':
      return integer(value.value)
    case 'boolean':
      return value.value
    case 'text':
    case 'symbolic':
      return value.text
    case 'bytes':
      return value.bytes
    case 'array':
    case 'tuple':
      return value.elements.map(dataOf)
    case 'stack':
      return value.frames.map(frameData)
    case 'record':
      return Object.fromEntries(value.fields.map(([name, field]) => [name, dataOf(field)]))
    case 'none':
      return null
    default:
      return unreachable(value)
  }
}

function frameData({ address, symbol }: StackFrame): Data {
  if (symbol === undefined) return { address }
  return { address, symbol: symbol.name, offset: integer(symbol.offset), module: symbol.module }
}

function integer(value: bigint): Integer {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** The same for 1 and 1n. */
function keyText(key: Data): string {
  return JSON.stringify(key, (_name, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
}
