import { unreachable } from '../bytes/assert.js'
import { linearBucketOf } from '../ir/histogram.js'
import type { AggregateType, TimeSeriesType } from '../ir/value-type.js'
import { type AggregateState, emptyState, newestIntervals, type SeriesInterval } from './aggregate-state.js'

/**
 * An aggregate in the target's memory is an array of 64-bit words, all zero until it has taken in a value:
 *
 *     count        count
 *     sum          present, total
 *     min, max     present, the greatest value of those mapped by `greatestBias`
 *     avg, stats   count, total
 *     hist, lhist  a count for each bucket
 *     tseries      for each interval: its mark, count, total; the interval of number n is at n modulo their number. The mark is n + 1;
 *                  with SERIES_BUSY, the words are being made empty
 */
export function aggregateWords(type: AggregateType): number {
  switch (type.kind) {
    case 'count':
      return 1
    case 'sum':
    case 'min':
    case 'max':
    case 'avg':
    case 'stats':
      return 2
    case 'hist':
      return histogramBuckets(type.bits)
    case 'lhist':
      return linearBucketOf(type.max, type.min, type.max, type.step) + 1
    case 'tseries':
      return SERIES_WORDS * type.intervals
    default:
      return unreachable(type)
  }
}

export const SERIES_WORDS = 3
export const SERIES_BUSY = 1n << 63n

/** Buckets that 64-bit values can be in: see `bucketOf`. */
function histogramBuckets(bits: number): number {
  return ((64 - bits) << bits) + (1 << bits) + 1
}

/**
 * What a value of min or max is combined with by exclusive or, so that the unsigned maximum of the results stands for the aggregate's
 * value and zero for none: every update is then one comparison, and memory that is zero is empty.
 */
export function greatestBias({ kind, signed }: AggregateType & { kind: 'min' | 'max' }): bigint {
  const signBit = signed ? 1n << 63n : 0n
  return kind === 'max' ? signBit : signBit ^ 0xffff_ffff_ffff_ffffn
}

/** What the words of an aggregate stand for; `undefined` if it has taken in nothing. */
export function aggregateState(type: AggregateType, words: BigUint64Array): AggregateState | undefined {
  const [first = 0n, second = 0n] = words
  switch (type.kind) {
    case 'count':
      return first === 0n ? undefined : { kind: 'count', total: first }
    case 'sum':
      return first === 0n ? undefined : { kind: 'sum', total: signedBy(type.signed, second) }
    case 'min':
    case 'max':
      return first === 0n
        ? undefined
        : { kind: type.kind, value: signedBy(type.signed, second ^ greatestBias({ ...type, kind: type.kind })) }
    case 'avg':
    case 'stats':
      return first === 0n ? undefined : { kind: type.kind, count: first, total: signedBy(type.signed, second) }
    case 'hist':
    case 'lhist':
      return words.every((word) => word === 0n) ? undefined : { kind: type.kind, counts: countsOf(words) }
    case 'tseries':
      return first === 0n && words.every((word) => word === 0n)
        ? undefined
        : { kind: 'tseries', intervals: intervalsOf(words, type) }
    default:
      return unreachable(type)
  }
}

/** Like `aggregateState`, for what is known to be an entry. */
export function presentState(type: AggregateType, words: BigUint64Array): AggregateState {
  return aggregateState(type, words) ?? emptyState(type)
}

function signedBy(signed: boolean, word: bigint): bigint {
  return signed ? BigInt.asIntN(64, word) : word
}

function countsOf(words: BigUint64Array): Map<number, bigint> {
  const counts = new Map<number, bigint>()
  for (const [bucket, count] of words.entries()) if (count !== 0n) counts.set(bucket, count)
  return counts
}

/** Those of the newest interval and the ones before it that belong to the series still. */
function intervalsOf(words: BigUint64Array, type: TimeSeriesType): Map<bigint, SeriesInterval> {
  const intervals = new Map<bigint, SeriesInterval>()
  for (let at = 0; at + SERIES_WORDS <= words.length; at += SERIES_WORDS) {
    const [mark = 0n, count = 0n, total = 0n] = words.subarray(at, at + SERIES_WORDS)
    if (mark !== 0n && mark < SERIES_BUSY && count !== 0n)
      intervals.set(mark - 1n, { count, total: signedBy(type.signed, total) })
  }
  return newestIntervals(intervals, type)
}
