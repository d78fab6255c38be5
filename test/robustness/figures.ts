/** Value at a fraction (0–1) of the sorted list. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * fraction
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export interface Spread {
  readonly median: number
  readonly max: number
}

/** Nanoseconds as rounded milliseconds. */
export function spreadMs(nanoseconds: readonly number[]): Spread {
  const ms = (ns: number): number => Math.round(ns / 1e4) / 100
  return { median: ms(median(nanoseconds)), max: ms(Math.max(...nanoseconds)) }
}
