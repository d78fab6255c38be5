import { type Conversion, parseFormat } from '../ir/format-string.js'
import { bufferText } from './buffer-text.js'
import type { DataValue } from './data-value.js'
import { valueText } from './value-text.js'

/** What printf makes of a format and values; there is one for each conversion. */
export function formatText(format: string, values: readonly DataValue[]): string {
  let at = 0
  const text = parseFormat(format).map((part) =>
    typeof part === 'string' ? decodeLiteral(part) : convert(part, values[at++] ?? { kind: 'none' }),
  )
  return text.join('')
}

/** The characters of a literal are bytes. */
export function decodeLiteral(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8')
}

/** What a conversion makes of a value. */
export function convert(conversion: Conversion, value: DataValue): string {
  const { specifier } = conversion
  if (specifier === 's') return pad(cut(valueText(value), conversion.precision), conversion)
  if (specifier === 'r' || specifier === 'rx' || specifier === 'rh')
    return pad(value.kind === 'bytes' ? bufferText(value.bytes, specifier) : valueText(value), conversion)
  const number = numberOf(value)
  if (specifier === 'c') return pad(String.fromCharCode(Number(number & 0xffn)), conversion)
  if (specifier === 'p') return pad(`0x${BigInt.asUintN(64, number).toString(16)}`, conversion)
  return padNumber(integerParts(conversion, number), conversion)
}

function numberOf(value: DataValue): bigint {
  if (value.kind === 'boolean') return value.value ? 1n : 0n
  return value.kind === 'integer' || value.kind === 'symbolic' ? value.value : 0n
}

interface IntegerParts {
  readonly prefix: string
  readonly digits: string
}

/** Without a length modifier all 64 bits are shown, as bpftrace does since 0.24. */
const widths: Readonly<Record<string, number>> = { hh: 8, h: 16 }

const radixes: Readonly<Record<string, number>> = { o: 8, x: 16, X: 16 }

function integerParts({ specifier, length, flags, precision }: Conversion, number: bigint): IntegerParts {
  const bits = widths[length] ?? 64
  const isSigned = specifier === 'd' || specifier === 'i'
  const value = isSigned ? BigInt.asIntN(bits, number) : BigInt.asUintN(bits, number)
  const magnitude = (value < 0n ? -value : value).toString(radixes[specifier] ?? 10)
  const digits = precision === 0 && value === 0n ? '' : magnitude.padStart(precision ?? 1, '0')
  const prefix = isSigned ? signOf(value, flags) : basePrefix(specifier, flags, digits)
  return specifier === 'X' ? { prefix: prefix.toUpperCase(), digits: digits.toUpperCase() } : { prefix, digits }
}

function signOf(value: bigint, flags: string): string {
  if (value < 0n) return '-'
  return flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
}

/** C11, section 7.21.6.1: an octal number begins with a zero, a hexadecimal one other than 0 with 0x. */
function basePrefix(specifier: string, flags: string, digits: string): string {
  if (!flags.includes('#') || specifier === 'u') return ''
  if (specifier === 'o') return digits.startsWith('0') ? '' : '0'
  return /^0*$/.test(digits) ? '' : '0x'
}

function padNumber({ prefix, digits }: IntegerParts, conversion: Conversion): string {
  const { flags, width = 0, precision } = conversion
  const fillsWithZeros = flags.includes('0') && !flags.includes('-') && precision === undefined
  return fillsWithZeros ? prefix + digits.padStart(width - prefix.length, '0') : pad(prefix + digits, conversion)
}

function pad(text: string, { flags, width = 0 }: Conversion): string {
  return flags.includes('-') ? text.padEnd(width) : text.padStart(width)
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : text.slice(0, precision)
}
