/**
 * The bucket of a value in a histogram with 2^bits buckets for each power of two: 0 for negative values, 1 for 0, then one bucket for
 * each number up to 2^(bits+1), then wider ones. As bpftrace counts them.
 */
export function bucketOf(value: bigint, bits: number): number {
  if (value < 0n) return 0
  const single = 1n << BigInt(bits)
  if (value < single) return Number(value) + 1
  const power = value.toString(2).length - 1 - bits
  const interval = Number((value >> BigInt(power)) & (single - 1n))
  return ((power + 1) << bits) + interval + 1
}

/** The least value of a bucket, from 1 on. */
export function bucketStart(bucket: number, bits: number): bigint {
  const single = 1 << bits
  const index = bucket - 1
  if (index < single) return BigInt(index)
  const power = (index >> bits) - 1
  return BigInt(single + (index & (single - 1))) << BigInt(power)
}

/** The bucket of a value in a linear histogram: 0 below `min`, the last one from `max` on. */
export function linearBucketOf(value: bigint, min: bigint, max: bigint, step: bigint): number {
  if (value < min) return 0
  const last = Number((max - min) / step) + 1
  return value >= max ? last : Number((value - min) / step) + 1
}
