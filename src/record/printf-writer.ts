import { unreachable } from '../bytes/assert.js'
import { type Conversion, parseFormat } from '../ir/format-string.js'
import { sizeOf } from '../ir/layout.js'
import type { IntegerType, ValueType } from '../ir/value-type.js'
import { type DecodeContext, decodeValue } from './decode-value.js'
import { convert } from './format-text.js'
import type { TextWriter } from './text-writer.js'

/** Writes what printf makes of values that begin at a place in bytes which a handler has written. */
export type PrintfWriter = (to: TextWriter, from: DataView, at: number) => void

/** The same as `formatText` of the decoded values, for a format that is used a million times. */
export function printfWriter(
  format: string,
  types: readonly ValueType[],
  offsets: readonly number[],
  context: DecodeContext,
): PrintfWriter {
  let value = 0
  const writers = parseFormat(format).map((part): PrintfWriter => {
    if (typeof part === 'string') return literalWriter(part)
    const [type, offset] = [types[value], offsets[value++]]
    return type === undefined || offset === undefined
      ? literalWriter(convert(part, { kind: 'none' }))
      : shifted(offset, valueWriter(part, type, context))
  })
  return (to, from, at) => {
    for (const write of writers) write(to, from, at)
  }
}

/** The characters are bytes. */
function literalWriter(text: string): PrintfWriter {
  const bytes = Buffer.from(text, 'latin1')
  return (to) => to.write(bytes)
}

function shifted(offset: number, write: PrintfWriter): PrintfWriter {
  return offset === 0 ? write : (to, from, at) => write(to, from, at + offset)
}

function valueWriter(conversion: Conversion, type: ValueType, context: DecodeContext): PrintfWriter {
  const otherwise = anyWriter(conversion, type, context)
  const { flags, width, precision, length, specifier } = conversion
  const isPlain = flags === '' && width === undefined && precision === undefined && !length.startsWith('h')
  if (!isPlain) return otherwise
  if (specifier === 's' && type.kind === 'string') return textWriter(sizeOf(type), context.stringTrailer)
  const isDecimal = specifier === 'd' || specifier === 'i' || specifier === 'u'
  return isDecimal && type.kind === 'integer' ? integerWriter(type, specifier === 'u', otherwise) : otherwise
}

function anyWriter(conversion: Conversion, type: ValueType, context: DecodeContext): PrintfWriter {
  const size = sizeOf(type)
  return (to, from, at) => {
    const bytes = new Uint8Array(from.buffer, from.byteOffset + at, size)
    to.writeText(convert(conversion, decodeValue(bytes, type, context)))
  }
}

/** See StringType: the last byte says whether the text was cut. */
function textWriter(size: number, trailer: string): PrintfWriter {
  const bytes = Buffer.from(trailer)
  return (to, from, at) => {
    to.writeUntilNul(from, at, size - 1)
    if (from.getUint8(at + size - 1) !== 0) to.write(bytes)
  }
}

/** Numbers that are shown as they are, and that a double holds; `otherwise` writes the rest. */
function integerWriter(type: IntegerType, asUnsigned: boolean, otherwise: PrintfWriter): PrintfWriter {
  const read = integerReader(type)
  const least = type.signed && !asUnsigned ? Number.MIN_SAFE_INTEGER : 0
  return (to, from, at) => {
    const value = read(from, at)
    if (value >= least && value <= Number.MAX_SAFE_INTEGER) to.writeInteger(value)
    else otherwise(to, from, at)
  }
}

/** Reads an integer as a double; one of 64 bits without a sign that is 2^63 or more comes out negative. */
function integerReader({ bits, signed }: IntegerType): (from: DataView, at: number) => number {
  switch (bits) {
    case 8:
      return (from, at) => (signed ? from.getInt8(at) : from.getUint8(at))
    case 16:
      return (from, at) => (signed ? from.getInt16(at, true) : from.getUint16(at, true))
    case 32:
      return (from, at) => (signed ? from.getInt32(at, true) : from.getUint32(at, true))
    case 64:
      return (from, at) => from.getInt32(at + 4, true) * 2 ** 32 + from.getUint32(at, true)
    default:
      return unreachable(bits)
  }
}
