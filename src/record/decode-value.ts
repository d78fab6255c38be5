import { assert } from '../bytes/assert.js'
import { type RecordLayout, sizeOf, tupleLayout } from '../ir/layout.js'
import { isAggregate, type TupleType, type ValueType } from '../ir/value-type.js'
import type { DataValue, StackFrame } from './data-value.js'
import { inetText, macText } from './network-text.js'
import type { ValueNames } from './value-names.js'

/** What decoding needs to know about a program. */
export interface DecodeContext {
  readonly records: ReadonlyMap<string, RecordLayout>
  readonly enums: ReadonlyMap<string, ReadonlyMap<bigint, string>>
  readonly names: ValueNames
  /** What stands behind text that was cut. */
  readonly stringTrailer: string
}

const ADDRESS_SIZE = 8

/** Reads a value from a block that a handler wrote. Text that is no UTF-8 is shown with replacement characters. */
export function decodeValue(bytes: Uint8Array, type: ValueType, context: DecodeContext): DataValue {
  const size = isAggregate(type) ? 8 : sizeOf(type)
  assert(bytes.length >= size, `${bytes.length} bytes are too few for a value of ${size}`)
  switch (type.kind) {
    case 'string':
      return { kind: 'text', text: stringText(bytes.subarray(0, size), context.stringTrailer) }
    case 'buffer':
      return { kind: 'bytes', bytes: bufferBytes(bytes, type.size) }
    case 'tuple':
      return decodeTuple(bytes, type, context)
    case 'array':
      return decodeArray(bytes, type, context)
    case 'record':
      return decodeRecord(bytes, context.records.get(type.name), context)
    case 'ustack':
      return { kind: 'stack', mode: type.mode, frames: stackFrames(bytes.subarray(0, size), context.names) }
    case 'inet':
      return { kind: 'text', text: inetText(bytes) }
    case 'macaddr':
      return { kind: 'text', text: macText(bytes) }
    case 'void':
      return { kind: 'none' }
    default:
      return decodeScalar(readInteger(bytes.subarray(0, size), type), type, context)
  }
}

/** A value that is not in a block. */
function decodeScalar(value: bigint, type: ValueType, { enums, names }: DecodeContext): DataValue {
  switch (type.kind) {
    case 'bool':
      return { kind: 'boolean', value: value !== 0n }
    case 'pointer':
      return { kind: 'symbolic', text: `0x${value.toString(16)}`, value }
    case 'usym':
      return { kind: 'text', text: names.symbol(value) }
    case 'probe-name':
      return { kind: 'text', text: names.probe(value) }
    case 'function-name':
      return { kind: 'text', text: names.function(value) }
    case 'username':
      return { kind: 'text', text: names.user(value) }
    case 'strerror':
      return { kind: 'text', text: names.error(BigInt.asIntN(32, value)) }
    case 'timestamp':
      return { kind: 'text', text: names.time(type.format, value) }
    case 'integer':
      return type.enumName === undefined
        ? { kind: 'integer', value }
        : { kind: 'symbolic', text: enums.get(type.enumName)?.get(value) ?? String(value), value }
    default:
      return { kind: 'integer', value }
  }
}

/** Little-endian, by the type's sign. */
export function readInteger(bytes: Uint8Array, type: ValueType): bigint {
  const bits = bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
  const isSigned = type.kind === 'integer' && type.signed
  return isSigned ? BigInt.asIntN(bytes.length * 8, bits) : bits
}

/** See StringType: the last byte says whether the text was cut. */
function stringText(block: Uint8Array, trailer: string): string {
  const text = untilNul(block.subarray(0, -1))
  return Buffer.from(text).toString('utf8') + (block.at(-1) ? trailer : '')
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

function bufferBytes(block: Uint8Array, size: number): Uint8Array {
  const used = new DataView(block.buffer, block.byteOffset).getUint32(0, true)
  return block.slice(4, 4 + Math.min(used, size))
}

function decodeTuple(bytes: Uint8Array, { elements, names }: TupleType, context: DecodeContext): DataValue {
  const { offsets } = tupleLayout(elements)
  const values = elements.map((element, at) => decodeValue(bytes.subarray(offsets[at]), element, context))
  if (names === undefined) return { kind: 'tuple', elements: values }
  return { kind: 'record', fields: values.map((value, at) => [names[at] ?? '', value]) }
}

/** Zeros stand behind the last address. */
function stackFrames(block: Uint8Array, names: ValueNames): StackFrame[] {
  const frames: StackFrame[] = []
  const words = new DataView(block.buffer, block.byteOffset, block.length)
  for (let at = 0; at < block.length; at += ADDRESS_SIZE) {
    const address = words.getBigUint64(at, true)
    if (address === 0n) break
    frames.push({ address, symbol: names.frame(address, at > 0) })
  }
  return frames
}

function decodeArray(bytes: Uint8Array, type: ValueType & { kind: 'array' }, context: DecodeContext): DataValue {
  if (type.text) return { kind: 'text', text: Buffer.from(untilNul(bytes.subarray(0, type.length))).toString('utf8') }
  const size = sizeOf(type.element)
  const elements = Array.from({ length: type.length }, (_, at) =>
    decodeValue(bytes.subarray(at * size), type.element, context),
  )
  return { kind: 'array', elements }
}

function decodeRecord(bytes: Uint8Array, layout: RecordLayout | undefined, context: DecodeContext): DataValue {
  const fields = (layout?.fields ?? []).map(({ name, type, offset, bitfield }) => {
    const part = bytes.subarray(offset)
    if (bitfield === undefined) return [name, decodeValue(part, type, context)] as const
    const bits =
      readInteger(part.subarray(0, sizeOf(type)), { kind: 'integer', bits: 64, signed: false }) >>
      BigInt(bitfield.shift)
    const value = BigInt.asUintN(bitfield.bits, bits)
    return [name, decodeScalar(value, type, context)] as const
  })
  return { kind: 'record', fields }
}
