/** Index of the first element that is greater than `value`, in a sorted array. */
export function upperBound(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? Infinity) <= value) low = middle + 1
    else high = middle
  }
  return low
}

/** The first element in `(after, before)`, exclusive on both sides. */
export function firstBetween(sorted: Float64Array, after: number, before: number): number | undefined {
  const found = sorted[upperBound(sorted, after)]
  return found !== undefined && found < before ? found : undefined
}

/** True when `value` is in one of the ranges `[start0, end0, start1, end1, …]`, which are sorted and do not overlap. */
export function inRanges(ranges: Float64Array, value: number): boolean {
  return upperBound(ranges, value) % 2 === 1
}
