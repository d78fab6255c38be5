import { unreachable } from '../bytes/assert.js'
import { bufferText } from './buffer-text.js'
import type { DataValue } from './data-value.js'
import { stackText } from './stack-text.js'

/** A value as people see it, in print() and with %s. */
export function valueText(value: DataValue): string {
  switch (value.kind) {
    case 'integer':
    case 'boolean':
      return String(value.value)
    case 'text':
    case 'symbolic':
      return value.text
    case 'bytes':
      return bufferText(value.bytes, 'r')
    case 'array':
      return `[${value.elements.map(valueText).join(',')}]`
    case 'tuple':
      return `(${value.elements.map(valueText).join(', ')})`
    case 'record':
      return value.fields.length === 0
        ? '{}'
        : `{ ${value.fields.map(([name, field]) => `.${name} = ${valueText(field)}`).join(', ')} }`
    case 'stack':
      return stackText(value.frames, value.mode)
    case 'none':
      return 'null'
    default:
      return unreachable(value)
  }
}

/** The keys of a tuple stand without its parentheses. */
export function keyText(key: DataValue): string {
  return key.kind === 'tuple' ? key.elements.map(valueText).join(', ') : valueText(key)
}
