import { bucketStart } from '../ir/histogram.js'
import type { HistogramType, LinearHistogramType } from '../ir/value-type.js'
import type { Bucket, BucketBound } from './data-value.js'

type Counts = ReadonlyMap<number, bigint>

/** The buckets from the first to the last that has a count. Counts are divided by `div`. */
export function histogramBuckets(counts: Counts, { bits }: HistogramType, div: bigint): Bucket[] {
  const bound = (bucket: number): BucketBound => {
    const value = bucketStart(bucket, bits)
    return { value, label: powerLabel(value, bucket, bits) }
  }
  return filledRange(counts).map((bucket) => ({
    from: bucket === 0 ? undefined : bound(bucket),
    to: bound(bucket + 1),
    count: (counts.get(bucket) ?? 0n) / div,
    single: bucket > 0 && bucket <= 2 << bits,
  }))
}

export function linearBuckets(counts: Counts, { min, max, step }: LinearHistogramType): Bucket[] {
  const last = Number((max - min) / step) + 1
  const bound = (bucket: number): BucketBound => {
    const value = min + BigInt(bucket - 1) * step
    return { value, label: linearLabel(value, step) }
  }
  return filledRange(counts).map((bucket) => ({
    from: bucket === 0 ? undefined : bound(bucket),
    to: bucket === last ? undefined : bound(bucket + 1),
    count: counts.get(bucket) ?? 0n,
    single: false,
  }))
}

function filledRange(counts: Counts): number[] {
  const filled = [...counts].filter(([, count]) => count > 0n).map(([bucket]) => bucket)
  if (filled.length === 0) return []
  const first = filled.reduce((least, bucket) => Math.min(least, bucket))
  const last = filled.reduce((most, bucket) => Math.max(most, bucket))
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

const suffixes = ['', 'K', 'M', 'G', 'T', 'P', 'E']

/** `4M`: the suffix follows the bucket's power of two, so it is exact in every bucket. */
function powerLabel(value: bigint, bucket: number, bits: number): string {
  const index = bucket - 1
  if (index < 2 << bits) return String(value)
  const decade = Math.floor(((index >> bits) - 1) / 10)
  return `${value >> BigInt(decade * 10)}${suffixes[decade] ?? ''}`
}

/** With suffixes where every bound is a multiple of 1024. */
function linearLabel(value: bigint, step: bigint): string {
  if (step % 1024n !== 0n || value === 0n) return String(value)
  if (value % 1048576n === 0n) return `${value / 1048576n}M`
  return value % 1024n === 0n ? `${value / 1024n}K` : String(value)
}
