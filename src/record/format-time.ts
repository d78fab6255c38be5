/** Nanoseconds of a moment since 1970, as strftime(3) shows them in the local time zone. `%f` gives microseconds. */
export function formatTime(format: string, nanoseconds: bigint): string {
  const moment: Moment = { date: new Date(Number(nanoseconds / 1_000_000n)), nanoseconds }
  return format.replace(/%([A-Za-z%])/g, (all, letter: string) => fields[letter]?.(moment) ?? all)
}

interface Moment {
  readonly date: Date
  readonly nanoseconds: bigint
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = 'January February March April May June July August September October November December'.split(' ')

function two(number: number): string {
  return String(number).padStart(2, '0')
}

const fields: Readonly<Record<string, (moment: Moment) => string>> = {
  a: ({ date }) => (days[date.getDay()] ?? '').slice(0, 3),
  A: ({ date }) => days[date.getDay()] ?? '',
  b: ({ date }) => (months[date.getMonth()] ?? '').slice(0, 3),
  B: ({ date }) => months[date.getMonth()] ?? '',
  c: (moment) => all('%a %b %e %H:%M:%S %Y', moment),
  d: ({ date }) => two(date.getDate()),
  D: (moment) => all('%m/%d/%y', moment),
  e: ({ date }) => String(date.getDate()).padStart(2),
  f: ({ nanoseconds }) => String((nanoseconds % 1_000_000_000n) / 1000n).padStart(6, '0'),
  F: (moment) => all('%Y-%m-%d', moment),
  H: ({ date }) => two(date.getHours()),
  I: ({ date }) => two(date.getHours() % 12 || 12),
  j: ({ date }) => String(dayOfYear(date)).padStart(3, '0'),
  m: ({ date }) => two(date.getMonth() + 1),
  M: ({ date }) => two(date.getMinutes()),
  n: () => '\n',
  p: ({ date }) => (date.getHours() < 12 ? 'AM' : 'PM'),
  r: (moment) => all('%I:%M:%S %p', moment),
  R: (moment) => all('%H:%M', moment),
  s: ({ nanoseconds }) => String(nanoseconds / 1_000_000_000n),
  S: ({ date }) => two(date.getSeconds()),
  t: () => '\t',
  T: (moment) => all('%H:%M:%S', moment),
  u: ({ date }) => String(date.getDay() || 7),
  w: ({ date }) => String(date.getDay()),
  x: (moment) => all('%m/%d/%y', moment),
  X: (moment) => all('%H:%M:%S', moment),
  y: ({ date }) => two(date.getFullYear() % 100),
  Y: ({ date }) => String(date.getFullYear()),
  z: ({ date }) => zoneOffset(-date.getTimezoneOffset()),
  '%': () => '%',
}

function all(format: string, { nanoseconds }: Moment): string {
  return formatTime(format, nanoseconds)
}

function dayOfYear(date: Date): number {
  const midnight = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return (midnight - Date.UTC(date.getFullYear(), 0, 1)) / 86_400_000 + 1
}

function zoneOffset(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`
}
