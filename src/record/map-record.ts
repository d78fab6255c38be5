import { unreachable } from '../bytes/assert.js'
import { isAggregate, type TimeSeriesType, type ValueType } from '../ir/value-type.js'
import { type AggregateState, reducedValue, type SeriesInterval } from '../store/aggregate-state.js'
import type { MapEntry, MapSnapshot } from '../store/map-snapshot.js'
import { compareKeys } from './compare-keys.js'
import type { DataValue, MapValue } from './data-value.js'
import { type DecodeContext, decodeValue, readInteger } from './decode-value.js'
import { histogramBuckets, linearBuckets } from './histogram-buckets.js'

/** A map as outputs show it, its entries in bpftrace's order. */
export interface MapRecord {
  /** With its `@`. */
  readonly name: string
  readonly kind: 'map' | 'hist' | 'stats' | 'tseries'
  readonly keyed: boolean
  /** A map without keys has one entry at most, with a key of kind `none`. */
  readonly entries: readonly (readonly [key: DataValue, value: MapValue])[]
}

/** How print(@map, top, div) asks for a map: 0 stands for all entries, 1 for values as they are. */
export interface MapView {
  readonly top: number
  readonly div: bigint
}

export function mapRecord(
  { declaration, entries }: MapSnapshot,
  { top, div }: MapView,
  context: DecodeContext,
): MapRecord {
  const sorted = sortEntries(entries, declaration.key, declaration.value)
  const shown = top > 0 ? sorted.slice(-top) : sorted
  const latest = latestInterval(entries)
  return {
    name: declaration.name,
    kind: recordKind(declaration.value),
    keyed: declaration.key !== undefined,
    entries: shown.map(({ key, value }) => [
      key === undefined || declaration.key === undefined
        ? { kind: 'none' }
        : decodeValue(key, declaration.key, context),
      mapValue(value, declaration.value, div, latest, context),
    ]),
  }
}

function recordKind({ kind }: ValueType): MapRecord['kind'] {
  if (kind === 'hist' || kind === 'lhist') return 'hist'
  if (kind === 'avg' || kind === 'stats') return 'stats'
  return kind === 'tseries' ? 'tseries' : 'map'
}

/** By value where values are numbers (histograms: by the sum of their counts), else by key; equal ones by key. */
function sortEntries(entries: readonly MapEntry[], key: ValueType | undefined, value: ValueType): MapEntry[] {
  const byKey = (a: MapEntry, b: MapEntry): number =>
    key === undefined || a.key === undefined || b.key === undefined ? 0 : compareKeys(a.key, b.key, key)
  const isNumber = value.kind === 'integer' || (isAggregate(value) && value.kind !== 'tseries')
  if (!isNumber) return [...entries].sort(byKey)
  const ranked = entries.map((entry) => ({ entry, rank: rankOf(entry.value, value) }))
  ranked.sort((a, b) => (a.rank === b.rank ? byKey(a.entry, b.entry) : a.rank < b.rank ? -1 : 1))
  return ranked.map(({ entry }) => entry)
}

/** bpftrace compares minima and maxima without their sign. */
function rankOf(value: MapEntry['value'], type: ValueType): bigint {
  if (!isState(value)) return readInteger(value, type)
  const rank = reducedValue(value)
  return value.kind === 'min' || value.kind === 'max' ? BigInt.asUintN(64, rank) : rank
}

function isState(value: Uint8Array | AggregateState): value is AggregateState {
  return 'kind' in value
}

function mapValue(
  value: MapEntry['value'],
  type: ValueType,
  div: bigint,
  latest: bigint,
  context: DecodeContext,
): MapValue {
  if (isState(value)) return stateValue(value, type, div, latest)
  const decoded = decodeValue(value, type, context)
  return decoded.kind === 'integer' ? { kind: 'integer', value: decoded.value / div } : decoded
}

function stateValue(state: AggregateState, type: ValueType, div: bigint, latest: bigint): MapValue {
  switch (state.kind) {
    case 'count':
    case 'sum':
    case 'min':
    case 'max':
      return { kind: 'integer', value: reducedValue(state) / div }
    case 'avg':
      return { kind: 'average', value: reducedValue(state) / div }
    case 'stats':
      return { kind: 'stats', count: state.count, average: reducedValue(state) / div, total: state.total }
    case 'hist':
    case 'lhist':
      return { kind: 'histogram', buckets: bucketsOf(state.counts, type, div) }
    case 'tseries':
      return type.kind === 'tseries' ? seriesValue(state.intervals, type, latest) : { kind: 'none' }
    default:
      return unreachable(state)
  }
}

function bucketsOf(counts: ReadonlyMap<number, bigint>, type: ValueType, div: bigint) {
  if (type.kind === 'hist') return histogramBuckets(counts, type, div)
  return type.kind === 'lhist' ? linearBuckets(counts, type) : []
}

/** The newest interval of all series of a map: they all end there. */
function latestInterval(entries: readonly MapEntry[]): bigint {
  const latest = entries.map(({ value }) => (isState(value) && value.kind === 'tseries' ? reducedValue(value) : 0n))
  return latest.reduce((most, at) => (at > most ? at : most), 0n)
}

function seriesValue(intervals: ReadonlyMap<bigint, SeriesInterval>, type: TimeSeriesType, latest: bigint): MapValue {
  const first = [...intervals.keys()].reduce((least, at) => (at < least ? at : least), latest)
  const oldest = latest - BigInt(type.intervals) + 1n
  const points = []
  for (let at = first < oldest ? oldest : first; at <= latest; at++) {
    const interval = intervals.get(at)
    const value = interval && (type.reduce === 'avg' ? interval.total / interval.count : interval.total)
    points.push({ timeNs: at * type.intervalNs, value })
  }
  return { kind: 'series', intervalNs: type.intervalNs, points: intervals.size === 0 ? [] : points }
}
