import { assert } from '../bytes/assert.js'
import { isAggregate, isScalar, type ValueType } from './value-type.js'

/** One field of a struct. `offset` in bytes; a bitfield takes `bitfield.bits` bits from bit `bitfield.shift` of the integer there. */
export interface FieldLayout {
  readonly name: string
  readonly type: ValueType
  readonly offset: number
  readonly bitfield?: { readonly shift: number; readonly bits: number }
}

/** A struct or union as the System V ABI for x86-64 lays it out. */
export interface RecordLayout {
  readonly name: string
  readonly size: number
  readonly alignment: number
  readonly fields: readonly FieldLayout[]
}

const BUFFER_HEADER = 4
const INET_SIZE = 20
const MAC_SIZE = 6
const ADDRESS_SIZE = 8

/** Bytes that a value takes. Aggregates have no such size: each store lays them out its own way. */
export function sizeOf(type: ValueType): number {
  switch (type.kind) {
    case 'integer':
      return type.bits / 8
    case 'bool':
      return 1
    case 'string':
      return type.size
    case 'buffer':
      return BUFFER_HEADER + type.size
    case 'array':
      return sizeOf(type.element) * type.length
    case 'record':
      return type.size
    case 'tuple':
      return tupleLayout(type.elements).size
    case 'inet':
      return INET_SIZE
    case 'ustack':
      return ADDRESS_SIZE * type.depth
    case 'macaddr':
      return MAC_SIZE
    case 'void':
      return 0
    default:
      assert(isScalar(type) && !isAggregate(type), `an aggregate (${type.kind}) is no block of bytes`)
      return 8
  }
}

export function alignmentOf(type: ValueType): number {
  switch (type.kind) {
    case 'array':
      return alignmentOf(type.element)
    case 'record':
      return type.alignment
    case 'tuple':
      return tupleLayout(type.elements).alignment
    case 'string':
    case 'macaddr':
    case 'bool':
    case 'void':
      return 1
    case 'buffer':
    case 'inet':
      return 4
    case 'ustack':
      return ADDRESS_SIZE
    default:
      return sizeOf(type)
  }
}

export interface TupleLayout {
  readonly size: number
  readonly alignment: number
  readonly offsets: readonly number[]
}

/** A tuple is laid out like a struct of its elements. */
export function tupleLayout(elements: readonly ValueType[]): TupleLayout {
  const offsets: number[] = []
  let end = 0
  let alignment = 1
  for (const element of elements) {
    const own = alignmentOf(element)
    alignment = Math.max(alignment, own)
    end = alignUp(end, own)
    offsets.push(end)
    end += sizeOf(element)
  }
  return { size: alignUp(end, alignment), alignment, offsets }
}

export function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment
}
