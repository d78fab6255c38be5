import type { Expression } from '../../ir/expression.js'
import { integer } from '../../ir/value-type.js'
import { pure, unknownOperand } from '../analysis/operand.js'
import { literalString } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** The bytes of an address that is written as text. */
export const pton: FunctionEntry = {
  name: 'pton',
  signature: 'char addr[4|16] pton(const string addr)',
  arguments: [1, 1],
  lower(call, context) {
    const text = literalString(call, 0, context)
    if (text === undefined) return unknownOperand
    const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text)
    if (bytes === undefined) {
      context.error(call.span, `pton() expects a valid IPv4 or IPv6 address, not '${text}'`)
      return unknownOperand
    }
    const type = { kind: 'array' as const, element: integer(8, false), length: bytes.length }
    const block: Expression = { op: 'block', type, bytes: Uint8Array.from(bytes) }
    return pure(block)
  },
}

function parseIpv4(text: string): number[] | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return undefined
  const bytes = text.split('.').map(Number)
  return bytes.every((byte) => byte < 256) ? bytes : undefined
}

/** RFC 4291, section 2.2: groups of 16 bits, `::` for zeros, and an IPv4 address at the end. */
function parseIpv6(text: string): number[] | undefined {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const [left, right] = [parseGroups(head), parseGroups(tail ?? '')]
  if (left === undefined || right === undefined) return undefined
  const zeros = 16 - left.length - right.length
  const fits = tail === undefined ? zeros === 0 : zeros >= 2
  return fits ? [...left, ...new Array<number>(zeros).fill(0), ...right] : undefined
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':').map((group, at, all) => {
    if (at === all.length - 1 && group.includes('.')) return parseIpv4(group)
    const value = Number.parseInt(group, 16)
    return /^[0-9a-fA-F]{1,4}$/.test(group) ? [value >> 8, value & 255] : undefined
  })
  const known = groups.filter((group) => group !== undefined)
  return known.length === groups.length ? known.flat() : undefined
}
