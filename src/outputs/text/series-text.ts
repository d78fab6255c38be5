import type { SeriesPoint } from '../../record/data-value.js'
import { formatTime } from '../../record/format-time.js'

const WIDTH = 53
const PADDING = 21

/** Units below a second, with the decimals that they take behind the seconds. */
const fractions: readonly { readonly unit: string; readonly nanoseconds: bigint; readonly digits: number }[] = [
  { unit: 'ms', nanoseconds: 1_000_000n, digits: 3 },
  { unit: 'us', nanoseconds: 1000n, digits: 6 },
  { unit: 'ns', nanoseconds: 1n, digits: 9 },
]

/** A time series as a picture, a line for each interval. */
export function seriesText({
  points,
  intervalNs,
}: {
  readonly points: readonly SeriesPoint[]
  readonly intervalNs: bigint
}): string {
  if (points.length === 0) return '<no data>'
  const fraction =
    intervalNs % 1_000_000_000n === 0n
      ? undefined
      : fractions.find(({ nanoseconds }) => intervalNs % nanoseconds === 0n)
  const heading = fraction === undefined ? 'hh:mm:ss' : `hh:mm:ss.${fraction.unit}`
  const width = 'hh:mm:ss'.length + (fraction === undefined ? 0 : 1 + fraction.digits)
  const [low, high] = bounds(points)
  const indent = ' '.repeat(width + 1)
  const scale = `${indent}${String(low).padEnd(PADDING)}${String(high).padStart(WIDTH - PADDING)}\n`
  const time = ({ timeNs }: SeriesPoint): string =>
    formatTime('%H:%M:%S', timeNs) + (fraction === undefined ? '' : `.${fractionOf(timeNs, fraction.digits)}`)
  const lines = points.map((point) => `${time(point)} ${plot(point.value, low, high)} ${point.value ?? '-'}\n`)
  const top = `${heading.padEnd(width + 1)}|${'_'.repeat(WIDTH - 2)}|\n`
  const bottom = `${indent}v${'_'.repeat(WIDTH - 2)}v\n`
  return scale + top + lines.join('') + bottom + scale
}

function fractionOf(timeNs: bigint, digits: number): string {
  return String(timeNs % 1_000_000_000n)
    .padStart(9, '0')
    .slice(0, digits)
}

/** One beyond on both sides where all values are the same, so that they stand in the middle. */
function bounds(points: readonly SeriesPoint[]): [low: bigint, high: bigint] {
  const values = points.flatMap(({ value }) => (value === undefined ? [] : [value]))
  const [first = 0n] = values
  const low = values.reduce((least, value) => (value < least ? value : least), first)
  const high = values.reduce((most, value) => (value > most ? value : most), first)
  return low === high ? [low - 1n, high + 1n] : [low, high]
}

function plot(value: bigint | undefined, low: bigint, high: bigint): string {
  const line = Array.from<unknown, string>({ length: WIDTH }, (_, at) => (at === 0 || at === WIDTH - 1 ? '|' : ' '))
  if (low < 0n && high > 0n) line[Math.trunc((WIDTH * Number(-low)) / Number(high - low))] = '.'
  if (value !== undefined) line[Math.trunc(((WIDTH - 1) * Number(value - low)) / Number(high - low))] = '*'
  return line.join('')
}
