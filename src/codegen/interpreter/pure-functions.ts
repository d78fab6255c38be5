import { unreachable } from '../../bytes/assert.js'
import type { Expression } from '../../ir/expression.js'
import { sizeOf } from '../../ir/layout.js'
import { blockOf, bytesOfValue, integerOf, readValue, textOf, type Value } from './value.js'

type CallExpression = Expression & { op: 'call' }

/** The value of a function without effects. */
export function callPure(call: CallExpression, values: readonly Value[]): Value {
  const [first = 0n, second = 0n, third = 0n] = values
  switch (call.function) {
    case 'strncmp':
      return differs(textOf(blockOf(first)), textOf(blockOf(second)), Number(integerOf(third)))
    case 'strcontains':
      return indexOf(first, second) === -1 ? 0n : 1n
    case 'strstr':
      return BigInt(indexOf(first, second))
    case 'strlen':
      return BigInt(textOf(blockOf(first)).length)
    case 'stack-length':
      return stackLength(blockOf(first))
    case 'byte-swap':
      return readValue(bytesOfValue(call.type, first).reverse(), 0, call.type)
    case 'reinterpret':
      return readValue(bytesOfValue(call.arguments[0]?.type ?? call.type, first), 0, call.type)
    case 'inet':
      return inet(call, integerOf(first), second)
    default:
      return unreachable(call.function)
  }
}

/** 0 if the first `count` bytes are the same, or both texts end before. */
function differs(a: Uint8Array, b: Uint8Array, count: number): bigint {
  const [left, right] = [a.subarray(0, count), b.subarray(0, count)]
  return Buffer.compare(left, right) === 0 ? 0n : 1n
}

function indexOf(haystack: Value, needle: Value): number {
  return Buffer.from(textOf(blockOf(haystack))).indexOf(textOf(blockOf(needle)))
}

/** Zeros stand behind the last address. */
function stackLength(block: Uint8Array): bigint {
  const words = Buffer.from(block.buffer, block.byteOffset, block.length)
  let length = 0
  while (8 * length < words.length && words.readBigUInt64LE(8 * length) !== 0n) length++
  return BigInt(length)
}

function inet(call: CallExpression, family: bigint, address: Value): Uint8Array {
  const type = call.arguments[1]?.type ?? call.type
  const bytes = bytesOfValue(type, address)
  const block = new Uint8Array(sizeOf(call.type))
  block[0] = Number(family)
  // An integer holds an IPv4 address in network order, in its low four bytes.
  block.set(bytes.subarray(0, family === 4n ? 4 : 16), 4)
  return block
}
