/** How long the calls of a function took, in nanoseconds; of one thread, where threads were asked apart. */
export interface LatencyRecord {
  /** `module:symbol`. */
  readonly site: string
  readonly tid: number | undefined
  /** That have returned. */
  readonly calls: number
  readonly minNs: number
  readonly averageNs: number
  /** Half of the calls took at most so long, and 99 of 100: as near as the buckets tell. */
  readonly p50Ns: number
  readonly p99Ns: number
  readonly maxNs: number
  /** In order, without gaps. */
  readonly buckets: readonly LatencyBucket[]
}

/** Calls that took from `fromNs` (included) to `toNs` (not included). */
export interface LatencyBucket {
  readonly fromNs: number
  readonly toNs: number
  readonly calls: number
}

/** What a share of the calls took at most, taking those of a bucket to be spread evenly over it. */
export function percentileNs(buckets: readonly LatencyBucket[], share: number): number {
  let left = share * buckets.reduce((sum, { calls }) => sum + calls, 0)
  for (const { fromNs, toNs, calls } of buckets) {
    if (left <= calls && calls > 0) return fromNs + (toNs - fromNs) * (left / calls)
    left -= calls
  }
  return buckets.at(-1)?.toNs ?? 0
}

/** The same calls in buckets from one power of two to the next. */
export function powersOfTwo(buckets: readonly LatencyBucket[]): LatencyBucket[] {
  const calls = new Map<number, number>()
  for (const bucket of buckets) {
    const power = powerBelow(bucket.fromNs)
    calls.set(power, (calls.get(power) ?? 0) + bucket.calls)
  }
  return [...calls].map(([fromNs, count]) => ({ fromNs, toNs: fromNs === 0 ? 1 : 2 * fromNs, calls: count }))
}

function powerBelow(ns: number): number {
  return ns < 1 ? 0 : 2 ** Math.floor(Math.log2(ns))
}
