import { assert } from '../../bytes/assert.js'
import { sizeOf } from '../../ir/layout.js'
import { isScalar, type ValueType } from '../../ir/value-type.js'

/** Scalars are integers of their type's range, everything else is a block of bytes. */
export type Value = bigint | Uint8Array

export function integerOf(value: Value): bigint {
  assert(typeof value === 'bigint', 'a block where an integer should be')
  return value
}

export function blockOf(value: Value): Uint8Array {
  assert(typeof value !== 'bigint', 'an integer where a block should be')
  return value
}

/** The bits of an integer as a value of the type. */
export function wrapTo(type: ValueType, value: bigint): bigint {
  if (type.kind === 'integer') return type.signed ? BigInt.asIntN(type.bits, value) : BigInt.asUintN(type.bits, value)
  if (type.kind === 'bool') return value === 0n ? 0n : 1n
  return BigInt.asUintN(64, value)
}

export function zeroOf(type: ValueType): Value {
  return isScalar(type) ? 0n : new Uint8Array(sizeOf(type))
}

/** Writes a value into a block, little-endian. */
export function writeValue(block: Uint8Array, offset: number, type: ValueType, value: Value): void {
  if (typeof value !== 'bigint') {
    block.set(value, offset)
    return
  }
  let bits = BigInt.asUintN(64, value)
  for (let at = 0; at < sizeOf(type); at++) {
    block[offset + at] = Number(bits & 0xffn)
    bits >>= 8n
  }
}

/** The value of the type at an offset of a block. */
export function readValue(block: Uint8Array, offset: number, type: ValueType): Value {
  const size = sizeOf(type)
  assert(offset + size <= block.length, 'a value beyond the end of its block')
  if (!isScalar(type)) return block.slice(offset, offset + size)
  return wrapTo(type, littleEndian(block.subarray(offset, offset + size)))
}

export function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n)
}

export function bytesOfValue(type: ValueType, value: Value): Uint8Array {
  const block = new Uint8Array(sizeOf(type))
  writeValue(block, 0, type, value)
  return block
}

/** The text of a string block, without what pads it. */
export function textOf(block: Uint8Array): Uint8Array {
  const end = block.subarray(0, -1).indexOf(0)
  return block.subarray(0, end === -1 ? Math.max(0, block.length - 1) : end)
}
