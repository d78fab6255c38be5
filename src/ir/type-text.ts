import { unreachable } from '../bytes/assert.js'
import type { AggregateType, TupleType, ValueType } from './value-type.js'

/** A type as bpftrace's messages write it: `uint8`, `string`, `(int64,string)`, `struct Foo *`, `usum_t`. */
export function typeText(type: ValueType): string {
  switch (type.kind) {
    case 'integer':
      return type.enumName ?? `${type.signed ? 'int' : 'uint'}${type.bits}`
    case 'pointer':
      return `${type.to.kind === 'pointer' ? typeText(type.to) : `${typeText(type.to)} `}*`
    case 'array':
      return `${typeText(type.element)}[${type.length}]`
    case 'record':
      return type.name
    case 'tuple':
      return tupleText(type, typeText)
    case 'void':
      return 'none'
    case 'usym':
      return 'usym_t'
    case 'macaddr':
      return 'mac_address'
    case 'probe-name':
    case 'function-name':
    case 'bool':
    case 'string':
    case 'buffer':
    case 'inet':
    case 'username':
    case 'strerror':
    case 'timestamp':
    case 'ustack':
      return type.kind
    default:
      return aggregateText(type)
  }
}

function tupleText({ elements, names }: TupleType, textOf: (type: ValueType) => string): string {
  const parts = elements.map((element, at) => (names === undefined ? '' : `${names[at]}=`) + textOf(element))
  return `(${parts.join(',')})`
}

function aggregateText(type: AggregateType): string {
  switch (type.kind) {
    case 'count':
    case 'hist':
    case 'lhist':
    case 'tseries':
      return `${type.kind}_t`
    case 'sum':
    case 'min':
    case 'max':
    case 'avg':
    case 'stats':
      return `${type.signed ? '' : 'u'}${type.kind}_t`
    default:
      return unreachable(type)
  }
}

/** Like `typeText`, with the sizes of strings, buffers and stacks. */
export function sizedTypeText(type: ValueType): string {
  switch (type.kind) {
    case 'string':
    case 'buffer':
      return `${type.kind}[${type.size}]`
    case 'ustack':
      return `ustack[${type.depth},${type.mode}]`
    case 'tuple':
      return tupleText(type, sizedTypeText)
    default:
      return typeText(type)
  }
}
