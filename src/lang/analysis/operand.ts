import type { Expression } from '../../ir/expression.js'
import { boolType, int64, integer, stringOf, uint64, type ValueType, voidType } from '../../ir/value-type.js'
import type { OpenType } from './join-types.js'

/** What an expression of the script has become. */
export interface Operand extends OpenType {
  readonly type: ValueType
  readonly expression: Expression
  /** The value, where it is known at compile time. */
  readonly constant?: bigint | string | boolean
  /** A struct or array that is still in the target's memory, at this address: only what is used of it is read. */
  readonly place?: Expression
  /** For text: the array of C's char that it was read from. */
  readonly array?: Operand
  /** Not known yet, or an error that has been reported: no further message is worth while. */
  readonly unknown?: true
}

export const unknownOperand: Operand = {
  type: voidType,
  expression: { op: 'constant', type: int64, value: 0n },
  unknown: true,
}

/** The value of what has none. */
export const voidOperand: Operand = { type: voidType, expression: unknownOperand.expression }

export function pure(expression: Expression): Operand {
  return { type: expression.type, expression }
}

/** A literal: `int64`, or `uint64` beyond its range. */
export function integerOperand(value: bigint): Operand {
  const type = value >= 1n << 63n ? uint64 : int64
  const literal = { bits: bitsOf(value), negative: value < 0n }
  return { type, expression: { op: 'constant', type, value }, constant: value, literal }
}

/** An integer that is known, but has a type of its own. */
export function typedConstant(value: bigint, type: ValueType): Operand {
  return { type, expression: { op: 'constant', type, value }, constant: value }
}

export function booleanOperand(value: boolean): Operand {
  return { type: boolType, expression: { op: 'constant', type: boolType, value: value ? 1n : 0n }, constant: value }
}

/** Characters of `text` are bytes. */
export function stringOperand(text: string): Operand {
  const type = stringOf(text.length + 1)
  const bytes = new Uint8Array(type.size)
  bytes.set(Buffer.from(text, 'latin1'))
  return { type, expression: { op: 'block', type, bytes }, constant: text }
}

/** Bits that a number takes, its sign left out. */
function bitsOf(value: bigint): number {
  return value === 0n ? 0 : (value < 0n ? -value - 1n : value).toString(2).length
}

export function constantInteger(operand: Operand): bigint | undefined {
  return typeof operand.constant === 'bigint' ? operand.constant : undefined
}

export const int8 = integer(8, true)
