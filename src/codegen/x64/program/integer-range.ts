import type { ValueType } from '../../../ir/value-type.js'
import type { Width } from './operand.js'

/** How a scalar fills its register: its value, extended to 64 bits by its sign. */
export interface IntegerRange {
  readonly width: Width
  readonly signed: boolean
  readonly isBool: boolean
}

export function rangeOf(type: ValueType): IntegerRange {
  if (type.kind === 'integer') return { width: widthOf(type.bits), signed: type.signed, isBool: false }
  return type.kind === 'bool' ? { width: 1, signed: false, isBool: true } : { width: 8, signed: false, isBool: false }
}

function widthOf(bits: 8 | 16 | 32 | 64): Width {
  return bits === 64 ? 8 : bits === 32 ? 4 : bits === 16 ? 2 : 1
}

/** Whether every value of a type looks the same in a register as that value converted to the other. */
export function isSameInRegister(from: ValueType, to: ValueType): boolean {
  const [a, b] = [rangeOf(from), rangeOf(to)]
  if (a.isBool) return true
  if (b.isBool) return false
  return b.width === 8 || (a.width < b.width && !a.signed) || (a.width <= b.width && a.signed === b.signed)
}

/** The value as it stands in a register, as a number without a sign. */
export function wrapped(type: ValueType, value: bigint): bigint {
  const { width, signed, isBool } = rangeOf(type)
  if (isBool) return value === 0n ? 0n : 1n
  const bits = 8 * width
  return BigInt.asUintN(64, signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value))
}
