import { unreachable } from '../bytes/assert.js'
import { bucketOf, linearBucketOf } from '../ir/histogram.js'
import type { AggregateType, TimeSeriesType } from '../ir/value-type.js'

/** What an aggregate has taken in. Each thread may have one of its own; `mergeStates` puts them together. */
export type AggregateState =
  | { readonly kind: 'count' | 'sum'; readonly total: bigint }
  /** `undefined` until there is a value. */
  | { readonly kind: 'min' | 'max'; readonly value: bigint | undefined }
  | { readonly kind: 'avg' | 'stats'; readonly count: bigint; readonly total: bigint }
  /** Counts by bucket; those without a count may be missing. */
  | { readonly kind: 'hist' | 'lhist'; readonly counts: ReadonlyMap<number, bigint> }
  /** By number of the interval since the clock's zero. */
  | { readonly kind: 'tseries'; readonly intervals: ReadonlyMap<bigint, SeriesInterval> }

/** `total` of all values, or the one that the series keeps. */
export interface SeriesInterval {
  readonly count: bigint
  readonly total: bigint
}

export function emptyState(type: AggregateType): AggregateState {
  switch (type.kind) {
    case 'count':
    case 'sum':
      return { kind: type.kind, total: 0n }
    case 'min':
    case 'max':
      return { kind: type.kind, value: undefined }
    case 'avg':
    case 'stats':
      return { kind: type.kind, count: 0n, total: 0n }
    case 'hist':
    case 'lhist':
      return { kind: type.kind, counts: new Map() }
    case 'tseries':
      return { kind: 'tseries', intervals: new Map() }
    default:
      return unreachable(type)
  }
}

/** The state with one more value, as 64 bits of the type's sign. `nowNs` is the clock's time, for time series. */
export function takeValue(state: AggregateState, type: AggregateType, value: bigint, nowNs: bigint): AggregateState {
  return mergeStates(state, stateOf(type, value, nowNs), type)
}

function stateOf(type: AggregateType, value: bigint, nowNs: bigint): AggregateState {
  switch (type.kind) {
    case 'count':
      return { kind: 'count', total: 1n }
    case 'sum':
      return { kind: 'sum', total: value }
    case 'min':
    case 'max':
      return { kind: type.kind, value }
    case 'avg':
    case 'stats':
      return { kind: type.kind, count: 1n, total: value }
    case 'hist':
      return { kind: 'hist', counts: new Map([[bucketOf(value, type.bits), 1n]]) }
    case 'lhist':
      return { kind: 'lhist', counts: new Map([[linearBucketOf(value, type.min, type.max, type.step), 1n]]) }
    case 'tseries':
      return { kind: 'tseries', intervals: new Map([[nowNs / type.intervalNs, { count: 1n, total: value }]]) }
    default:
      return unreachable(type)
  }
}

/** What two states make together. The later one goes second. Sums wrap as in a register. */
export function mergeStates(a: AggregateState, b: AggregateState, type: AggregateType): AggregateState {
  if ((a.kind === 'count' || a.kind === 'sum') && a.kind === b.kind)
    return { ...a, total: wrap(a.total + b.total, type) }
  if ((a.kind === 'min' || a.kind === 'max') && a.kind === b.kind)
    return { ...a, value: extreme(a.kind, a.value, b.value) }
  if ((a.kind === 'avg' || a.kind === 'stats') && a.kind === b.kind)
    return { ...a, count: a.count + b.count, total: wrap(a.total + b.total, type) }
  if ((a.kind === 'hist' || a.kind === 'lhist') && a.kind === b.kind)
    return { ...a, counts: addCounts(a.counts, b.counts) }
  if (a.kind === 'tseries' && b.kind === 'tseries' && type.kind === 'tseries')
    return { kind: 'tseries', intervals: mergeSeries(a.intervals, b.intervals, type) }
  throw new RangeError(`a ${a.kind} and a ${b.kind} cannot be merged`)
}

function wrap(value: bigint, type: AggregateType): bigint {
  const isSigned = type.kind !== 'count' && type.signed
  return isSigned ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)
}

function extreme(kind: 'min' | 'max', a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a < b === (kind === 'min') ? a : b
}

function addCounts(a: ReadonlyMap<number, bigint>, b: ReadonlyMap<number, bigint>): Map<number, bigint> {
  const sum = new Map(a)
  for (const [bucket, count] of b) sum.set(bucket, (sum.get(bucket) ?? 0n) + count)
  return sum
}

/** Only the newest intervals stay. */
function mergeSeries(
  a: ReadonlyMap<bigint, SeriesInterval>,
  b: ReadonlyMap<bigint, SeriesInterval>,
  type: TimeSeriesType,
): Map<bigint, SeriesInterval> {
  const merged = new Map(a)
  for (const [at, interval] of b) merged.set(at, mergeIntervals(merged.get(at), interval, type))
  return newestIntervals(merged, type)
}

export function newestIntervals(
  intervals: ReadonlyMap<bigint, SeriesInterval>,
  type: TimeSeriesType,
): Map<bigint, SeriesInterval> {
  const newest = [...intervals.keys()].reduce((latest, at) => (at > latest ? at : latest), 0n)
  return new Map([...intervals].filter(([at]) => at > newest - BigInt(type.intervals)))
}

function mergeIntervals(a: SeriesInterval | undefined, b: SeriesInterval, { reduce }: TimeSeriesType): SeriesInterval {
  if (a === undefined) return b
  const count = a.count + b.count
  switch (reduce) {
    case 'last':
      return { count, total: b.total }
    case 'sum':
    case 'avg':
      return { count, total: a.total + b.total }
    case 'min':
    case 'max':
      return { count, total: extreme(reduce, a.total, b.total) ?? b.total }
    default:
      return unreachable(reduce)
  }
}

/** The integer that an aggregate stands for in an expression and in the order of a map's entries; 0 for what stands for none. */
export function reducedValue(state: AggregateState): bigint {
  switch (state.kind) {
    case 'count':
    case 'sum':
      return state.total
    case 'min':
    case 'max':
      return state.value ?? 0n
    case 'avg':
    case 'stats':
      return state.count === 0n ? 0n : state.total / state.count
    case 'hist':
    case 'lhist':
      return [...state.counts.values()].reduce((sum, count) => sum + count, 0n)
    case 'tseries':
      return [...state.intervals.keys()].reduce((latest, at) => (at > latest ? at : latest), 0n)
    default:
      return unreachable(state)
  }
}
