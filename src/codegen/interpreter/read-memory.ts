import { address as asAddress } from '../../bytes/address.js'
import { JOIN } from '../../ir/event.js'
import { sizeOf } from '../../ir/layout.js'
import type { Statement } from '../../ir/statement.js'
import type { ValueType } from '../../ir/value-type.js'
import { evaluate, type Frame } from './evaluate.js'
import { textBlock, untilNul } from './resize-value.js'
import { integerOf, readValue, type Value, zeroOf } from './value.js'

/** What a read gives; `undefined` for a bad address. */
export type ReadValue = Value | undefined

/** A value of a type; one byte that cannot be read makes the whole of it bad. */
export function readTyped({ address }: Statement & { op: 'read' }, type: ValueType, frame: Frame): ReadValue {
  const size = sizeOf(type)
  const bytes = frame.environment.readMemory(asAddress(integerOf(evaluate(address, frame))), size)
  return bytes.length < size ? undefined : readValue(bytes, 0, type)
}

/** Text is good up to its NUL, whatever lies behind it. */
export function readText(statement: Statement & { op: 'read-string' }, type: ValueType, frame: Frame): ReadValue {
  const size = sizeOf(type)
  const limit = statement.limit === undefined ? BigInt(size) : integerOf(evaluate(statement.limit, frame))
  const room = Number(limit < BigInt(size) ? (limit < 0n ? 0n : limit) : BigInt(size))
  const most = Math.max(0, statement.whole ? room - 1 : room)
  const bytes = frame.environment.readMemory(asAddress(integerOf(evaluate(statement.address, frame))), most)
  const text = untilNul(bytes)
  if (text.length === bytes.length && bytes.length < most) return undefined
  if (statement.whole) return textBlock(text, size)
  const kept = textBlock(text.subarray(0, Math.max(0, room - 1)), size)
  const isCut = text.length >= room && room === size
  if (isCut && size > 0) kept[size - 1] = 1
  return kept
}

export function readBytes(statement: Statement & { op: 'read-buffer' }, type: ValueType, frame: Frame): ReadValue {
  const most = BigInt(sizeOf(type) - 4)
  const wanted = integerOf(evaluate(statement.length, frame))
  const length = Number(wanted < 0n ? 0n : wanted < most ? wanted : most)
  const bytes = frame.environment.readMemory(asAddress(integerOf(evaluate(statement.address, frame))), length)
  if (bytes.length < length) return undefined
  const block = new Uint8Array(sizeOf(type))
  new DataView(block.buffer).setUint32(0, length, true)
  block.set(bytes, 4)
  return block
}

/** The strings of an array of pointers up to the NULL; `undefined` where the array is bad. */
export function readStrings({ address }: Statement & { op: 'join' }, frame: Frame): Uint8Array[] | undefined {
  const texts: Uint8Array[] = []
  const array = integerOf(evaluate(address, frame))
  for (let at = 0n; texts.length < JOIN.strings; at += 8n) {
    const bytes = frame.environment.readMemory(asAddress(array + at), 8)
    if (bytes.length < 8) return undefined
    const pointer = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
    if (pointer === 0n) return texts
    texts.push(untilNul(frame.environment.readMemory(asAddress(pointer), JOIN.textBytes)))
  }
  return texts
}

export function valueOrZero(value: ReadValue, type: ValueType): Value {
  return value ?? zeroOf(type)
}
