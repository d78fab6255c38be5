import { tupleLayout } from '../../ir/layout.js'
import type { ValueType } from '../../ir/value-type.js'
import { blockOf, readValue, textOf, type Value } from './value.js'

/** Whether two values of one kind are the same: text up to its end, integers by their number, all else by its bytes. */
export function equalValues(a: Value, typeA: ValueType, b: Value, typeB: ValueType): boolean {
  if (typeof a === 'bigint' || typeof b === 'bigint') return a === b
  if (typeA.kind === 'string' && typeB.kind === 'string') return sameBytes(textOf(a), textOf(b))
  if (typeA.kind === 'buffer' && typeB.kind === 'buffer') return sameBytes(usedOf(a), usedOf(b))
  if (typeA.kind === 'tuple' && typeB.kind === 'tuple') return equalTuples(a, typeA.elements, b, typeB.elements)
  return sameBytes(a, b)
}

function equalTuples(
  a: Uint8Array,
  typesA: readonly ValueType[],
  b: Uint8Array,
  typesB: readonly ValueType[],
): boolean {
  const [left, right] = [tupleLayout(typesA), tupleLayout(typesB)]
  return typesA.every((type, at) => {
    const other = typesB[at]
    if (other === undefined) return false
    return equalValues(
      readValue(a, left.offsets[at] ?? 0, type),
      type,
      readValue(b, right.offsets[at] ?? 0, other),
      other,
    )
  })
}

/** The part of a buffer that holds something. */
function usedOf(buffer: Value): Uint8Array {
  const block = blockOf(buffer)
  const length = new DataView(block.buffer, block.byteOffset).getUint32(0, true)
  return block.subarray(4, 4 + length)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
