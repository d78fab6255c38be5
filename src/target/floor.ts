/** The last element whose key is at most `value`. */
export function floor<T>(sorted: readonly T[], value: bigint, key: (element: T) => bigint): T | undefined {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const element = sorted[middle]
    if (element !== undefined && key(element) <= value) low = middle + 1
    else high = middle
  }
  return sorted[low - 1]
}
