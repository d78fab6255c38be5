import { unreachable } from '../../bytes/assert.js'
import type { BinaryExpression, Expression, ExtractExpression } from '../../ir/expression.js'
import { sizeOf, tupleLayout } from '../../ir/layout.js'
import { equalValues } from './equal-values.js'
import type { HitEnvironment } from './hit-environment.js'
import { callPure } from './pure-functions.js'
import { resizeValue } from './resize-value.js'
import { blockOf, integerOf, littleEndian, readValue, type Value, wrapTo, writeValue } from './value.js'

/** Where expressions find their values. */
export interface Frame {
  readonly locals: Value[]
  readonly environment: HitEnvironment
}

/** The value of an expression, computed as a 64-bit processor would. */
export function evaluate(expression: Expression, frame: Frame): Value {
  const inner = (part: Expression): Value => evaluate(part, frame)
  switch (expression.op) {
    case 'constant':
      return wrapTo(expression.type, expression.value)
    case 'block':
      return expression.bytes
    case 'local':
      return frame.locals[expression.local] ?? 0n
    case 'input':
      return evaluateInput(expression, frame)
    case 'not':
      return integerOf(inner(expression.value)) === 0n ? 1n : 0n
    case 'negate':
      return wrapTo(expression.type, -integerOf(inner(expression.value)))
    case 'complement':
      return wrapTo(expression.type, ~integerOf(inner(expression.value)))
    case 'convert':
      return wrapTo(expression.type, integerOf(inner(expression.value)))
    case 'choose':
      return inner(integerOf(inner(expression.condition)) === 0n ? expression.alternative : expression.consequent)
    case 'tuple':
      return tupleOf(expression, frame)
    case 'extract':
      return extract(expression, blockOf(inner(expression.block)))
    case 'resize':
      return resizeValue(inner(expression.value), expression.value.type, expression.type)
    case 'equal':
      return equalValues(inner(expression.left), expression.left.type, inner(expression.right), expression.right.type)
        ? 1n
        : 0n
    case 'call':
      return callPure(expression, expression.arguments.map(inner))
    default:
      return binary(expression, integerOf(inner(expression.left)), integerOf(inner(expression.right)))
  }
}

function evaluateInput({ type, input }: Expression & { op: 'input' }, { environment }: Frame): Value {
  const value = environment.input(input)
  return typeof value === 'bigint' ? wrapTo(type, value) : value
}

function tupleOf({ type, elements }: Expression & { op: 'tuple' }, frame: Frame): Uint8Array {
  const types = elements.map((element) => element.type)
  const { offsets } = tupleLayout(types)
  const block = new Uint8Array(sizeOf(type))
  for (const [at, element] of elements.entries())
    writeValue(block, offsets[at] ?? 0, element.type, evaluate(element, frame))
  return block
}

function extract({ type, offset, bitfield }: ExtractExpression, block: Uint8Array): Value {
  if (bitfield === undefined) return readValue(block, offset, type)
  return BigInt.asUintN(bitfield.bits, littleEndian(block.subarray(offset)) >> BigInt(bitfield.shift))
}

function binary({ op, type }: BinaryExpression, left: bigint, right: bigint): bigint {
  const [a, b] = [BigInt.asUintN(64, left), BigInt.asUintN(64, right)]
  switch (op) {
    case 'add':
      return wrapTo(type, a + b)
    case 'subtract':
      return wrapTo(type, a - b)
    case 'multiply':
      return wrapTo(type, a * b)
    case 'and':
      return wrapTo(type, a & b)
    case 'or':
      return wrapTo(type, a | b)
    case 'xor':
      return wrapTo(type, a ^ b)
    case 'shift-left':
      return wrapTo(type, a << (b & 63n))
    case 'shift-right':
      return wrapTo(type, a >> (b & 63n))
    case 'is-equal':
      return truth(a === b)
    case 'is-different':
      return truth(a !== b)
    case 'is-below':
      return truth(a < b)
    case 'is-at-most':
      return truth(a <= b)
    case 'is-below-signed':
      return truth(BigInt.asIntN(64, a) < BigInt.asIntN(64, b))
    case 'is-at-most-signed':
      return truth(BigInt.asIntN(64, a) <= BigInt.asIntN(64, b))
    default:
      return unreachable(op)
  }
}

function truth(holds: boolean): bigint {
  return holds ? 1n : 0n
}
