/** Sorted address ranges that do not overlap: `[starts[i], ends[i])`. */
export class AddressRanges {
  readonly count: number
  readonly starts: Float64Array
  readonly ends: Float64Array
  #lastHit = 0

  /** Ranges in any order; of two that overlap, the one that begins later loses the common part. */
  constructor(ranges: readonly { readonly start: number; readonly end: number }[]) {
    const kept: { readonly start: number; readonly end: number }[] = []
    let covered = Number.NEGATIVE_INFINITY
    for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
      if (end <= Math.max(start, covered)) continue
      kept.push({ start: Math.max(start, covered), end })
      covered = end
    }
    this.count = kept.length
    this.starts = Float64Array.from(kept, (range) => range.start)
    this.ends = Float64Array.from(kept, (range) => range.end)
  }

  /** Index of the range that holds the address, or -1. */
  indexOf(address: number): number {
    if (this.#holds(this.#lastHit, address)) return this.#lastHit
    const index = lastNotAbove(this.starts, address)
    if (!this.#holds(index, address)) return -1
    this.#lastHit = index
    return index
  }

  has(address: number): boolean {
    return this.indexOf(address) >= 0
  }

  #holds(index: number, address: number): boolean {
    const start = this.starts[index]
    const end = this.ends[index]
    return start !== undefined && end !== undefined && address >= start && address < end
  }
}

/** Index of the last element of a sorted array that is not above `value`, or -1. */
export function lastNotAbove(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
