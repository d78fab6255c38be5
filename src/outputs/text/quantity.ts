/** An integer with its thousands grouped: `1,234,567`. */
export function grouped(value: bigint | number): string {
  return value.toString().replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** A number of things, with the plural that it asks for: `1 probe`, `1,000 probes`. */
export function quantity(count: bigint | number, singular: string, plural = `${singular}s`): string {
  return `${grouped(count)} ${BigInt(count) === 1n ? singular : plural}`
}

/** A time span in three significant digits and a unit that fits: `850 ns`, `48.1 µs`, `3.20 ms`, `1.25 s`. */
export function duration(ns: number): string {
  if (ns < 1000) return `${Math.round(ns)} ns`
  if (ns < 999_500) return `${significant(ns / 1e3)} µs`
  if (ns < 999_500_000) return `${significant(ns / 1e6)} ms`
  return `${significant(ns / 1e9)} s`
}

/** Minutes and seconds of a running count: `0:05`, `12:34`, `1:02:03`. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${twoDigits(m)}:${twoDigits(s)}` : `${m}:${twoDigits(s)}`
}

/** A part of the whole: `45.1 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function significant(value: number): string {
  return value >= 99.95 ? Math.round(value).toString() : value.toPrecision(3)
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, '0')
}
