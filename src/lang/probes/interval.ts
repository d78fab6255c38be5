import { parseNumber } from '../syntax/number-literal.js'
import type { ProbeType } from './probe-type.js'

const unitsNs: Readonly<Record<string, bigint>> = { s: 1_000_000_000n, ms: 1_000_000n, us: 1000n }

const usage = 'interval:s:1, interval:ms:10, interval:us:100, interval:hz:99, or interval:1s'

/** `interval:s:1`, `interval:hz:99`; without a unit the number is in nanoseconds, and may be a duration. */
export const interval: ProbeType = {
  names: ['interval', 'i'],
  parse(rest, text) {
    const parts = rest.split(':')
    const [unit = '', digits] = parts.length === 1 ? ['', rest] : parts
    const number = digits === undefined || digits === '' ? undefined : parseNumber(digits)
    if (parts.length > 2 || typeof number !== 'bigint') return { problem: `'${text}' is no interval`, instead: usage }
    if (number < 1n) return { problem: 'the interval must be a positive number', instead: usage }
    if (unit === 'hz') return { kind: 'interval', text, periodNs: 1_000_000_000n / number || 1n }
    const factor = unit === '' ? 1n : Object.hasOwn(unitsNs, unit) ? unitsNs[unit] : undefined
    if (factor === undefined) return { problem: `'${unit}' is no unit of an interval`, instead: usage }
    return { kind: 'interval', text, periodNs: number * factor }
  },
}
