import { RflagsBits } from '../iced.js'
import type { OperandSize } from './cpu-state.js'
import { maskOf } from './register-operand.js'

/** The bits of eflags (SDM vol. 1, 3.4.3). */
export const CF = 1n
export const PF = 1n << 2n
export const AF = 1n << 4n
export const ZF = 1n << 6n
export const SF = 1n << 7n
export const TF = 1n << 8n
export const DF = 1n << 10n
export const OF = 1n << 11n
export const NT = 1n << 14n
export const RF = 1n << 16n
export const VM = 1n << 17n
export const AC = 1n << 18n
export const ID = 1n << 21n
export const ARITHMETIC = CF | PF | AF | ZF | SF | OF

/** Flags by what iced calls them. */
export function eflagsOf(iced: number): bigint {
  return [...bits].reduce((flags, [bit, flag]) => ((iced & bit) === 0 ? flags : flags | flag), 0n)
}

const bits: ReadonlyMap<number, bigint> = new Map([
  [RflagsBits.CF, CF],
  [RflagsBits.PF, PF],
  [RflagsBits.AF, AF],
  [RflagsBits.ZF, ZF],
  [RflagsBits.SF, SF],
  [RflagsBits.OF, OF],
  [RflagsBits.DF, DF],
])

/** A result cut to its size, with the arithmetic flags that go with it. */
export interface Result {
  readonly value: bigint
  readonly flags: bigint
}

export function signBit(size: OperandSize): bigint {
  return 1n << BigInt(8 * size - 1)
}

/** `left + right`. */
export function added(left: bigint, right: bigint, size: OperandSize): Result {
  const sum = left + right
  const value = sum & maskOf(size)
  const overflow = (left ^ value) & (right ^ value) & signBit(size)
  return { value, flags: common(value, size) | carry(sum !== value) | half(left ^ right ^ value) | over(overflow) }
}

/** `left - right`: sub, cmp, neg of `right` from 0. */
export function subtracted(left: bigint, right: bigint, size: OperandSize): Result {
  const value = (left - right) & maskOf(size)
  const overflow = (left ^ right) & (left ^ value) & signBit(size)
  return { value, flags: common(value, size) | carry(left < right) | half(left ^ right ^ value) | over(overflow) }
}

/** and, or, xor, test: no carry, no overflow; AF is undefined and left clear. */
export function logical(value: bigint, size: OperandSize): Result {
  return { value, flags: common(value, size) }
}

function common(value: bigint, size: OperandSize): bigint {
  return (value === 0n ? ZF : 0n) | ((value & signBit(size)) === 0n ? 0n : SF) | (evenParity(value) ? PF : 0n)
}

/** Parity of the low byte (SDM vol. 1, 3.4.3.1). */
function evenParity(value: bigint): boolean {
  let byte = Number(value & 0xffn)
  byte ^= byte >> 4
  byte ^= byte >> 2
  byte ^= byte >> 1
  return (byte & 1) === 0
}

function carry(set: boolean): bigint {
  return set ? CF : 0n
}

function half(difference: bigint): bigint {
  return (difference & 0x10n) === 0n ? 0n : AF
}

function over(bit: bigint): bigint {
  return bit === 0n ? 0n : OF
}
