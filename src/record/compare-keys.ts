import { sizeOf, tupleLayout } from '../ir/layout.js'
import type { ValueType } from '../ir/value-type.js'
import { readInteger } from './decode-value.js'

/** The order of two keys: integers with their sign, text and all else by bytes, tuples element by element. */
export function compareKeys(a: Uint8Array, b: Uint8Array, type: ValueType): number {
  if (type.kind === 'tuple') return compareTuples(a, b, type.elements)
  if (type.kind !== 'integer') return Buffer.compare(a.subarray(0, sizeOf(type)), b.subarray(0, sizeOf(type)))
  const signed = { ...type, signed: true }
  const [left, right] = [a, b].map((bytes) => readInteger(bytes.subarray(0, sizeOf(type)), signed))
  return left === right ? 0 : (left ?? 0n) < (right ?? 0n) ? -1 : 1
}

function compareTuples(a: Uint8Array, b: Uint8Array, elements: readonly ValueType[]): number {
  const { offsets } = tupleLayout(elements)
  for (const [at, element] of elements.entries()) {
    const order = compareKeys(a.subarray(offsets[at]), b.subarray(offsets[at]), element)
    if (order !== 0) return order
  }
  return 0
}
