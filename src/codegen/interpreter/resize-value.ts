import { sizeOf, tupleLayout } from '../../ir/layout.js'
import type { ValueType } from '../../ir/value-type.js'
import { blockOf, readValue, textOf, type Value, wrapTo, writeValue } from './value.js'

/** A value as another size of its kind: strings, buffers, tuples of them, and text out of arrays of characters. */
export function resizeValue(value: Value, from: ValueType, to: ValueType): Value {
  if (typeof value === 'bigint') return wrapTo(to, value)
  if (to.kind === 'string') return textBlock(from.kind === 'array' ? untilNul(value) : textOf(value), to.size)
  if (to.kind === 'tuple' && from.kind === 'tuple') return resizeTuple(value, from.elements, to.elements)
  const block = new Uint8Array(sizeOf(to))
  block.set(value.subarray(0, block.length))
  return block
}

/** Text as a string of a size; the last byte marks text that had to be cut. */
export function textBlock(text: Uint8Array, size: number): Uint8Array {
  const block = new Uint8Array(size)
  block.set(text.subarray(0, Math.max(0, size - 1)))
  if (text.length >= size && size > 0) block[size - 1] = 1
  return block
}

export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

function resizeTuple(value: Value, from: readonly ValueType[], to: readonly ValueType[]): Uint8Array {
  const [before, after] = [tupleLayout(from), tupleLayout(to)]
  const block = new Uint8Array(after.size)
  for (const [at, type] of to.entries()) {
    const old = from[at]
    if (old === undefined) continue
    const element = readValue(blockOf(value), before.offsets[at] ?? 0, old)
    writeValue(block, after.offsets[at] ?? 0, type, resizeValue(element, old, type))
  }
  return block
}
