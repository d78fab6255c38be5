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
