import { sizedTypeText } from '../../ir/type-text.js'
import {
  type IntegerBits,
  type IntegerType,
  int64,
  integer,
  type TupleType,
  type ValueType,
} from '../../ir/value-type.js'

/**
 * A type that may still give way. An integer literal fits into every integer type that holds it: `literal` has the bits that it
 * needs, and whether it is negative. All by itself it is an `int64`.
 */
export interface OpenType {
  readonly type: ValueType
  readonly literal?: { readonly bits: number; readonly negative: boolean }
}

/** The smallest type that holds the values of both, or `undefined` if there is none. */
export function joinTypes(a: OpenType, b: OpenType): OpenType | undefined {
  if (a.type.kind === 'integer' && b.type.kind === 'integer') return joinIntegers(a, b, a.type, b.type)
  const type = joinOthers(a.type, b.type)
  return type === undefined ? undefined : { type }
}

function joinIntegers(a: OpenType, b: OpenType, typeA: IntegerType, typeB: IntegerType): OpenType | undefined {
  if (a.literal !== undefined && b.literal !== undefined)
    return {
      type: typeA.enumName !== undefined && typeA.enumName === typeB.enumName ? typeA : int64,
      literal: { bits: Math.max(a.literal.bits, b.literal.bits), negative: a.literal.negative || b.literal.negative },
    }
  if (a.literal !== undefined) return fitLiteral(typeB, a.literal)
  if (b.literal !== undefined) return fitLiteral(typeA, b.literal)
  const type = joinWidths(typeA, typeB)
  return type === undefined ? undefined : { type }
}

/** A literal beside a type: that type, made wider if the literal needs it. */
function fitLiteral(type: IntegerType, { bits, negative }: NonNullable<OpenType['literal']>): OpenType | undefined {
  if (negative && !type.signed) return undefined
  const needed = type.signed ? bits + 1 : bits
  if (needed <= type.bits) return { type }
  const wider = widths.find((width) => width >= needed)
  return wider === undefined ? undefined : { type: integer(wider, type.signed) }
}

const widths: readonly IntegerBits[] = [8, 16, 32, 64]

function joinWidths(a: IntegerType, b: IntegerType): IntegerType | undefined {
  if (a.signed === b.signed) return a.bits === b.bits ? joinEnums(a, b) : a.bits > b.bits ? a : b
  const [signed, unsigned] = a.signed ? [a, b] : [b, a]
  if (signed.bits > unsigned.bits) return signed
  const wider = widths.find((width) => width > unsigned.bits)
  return wider === undefined ? undefined : integer(wider, true)
}

function joinEnums(a: IntegerType, b: IntegerType): IntegerType {
  return a.enumName === b.enumName ? a : integer(a.bits, a.signed)
}

function joinOthers(a: ValueType, b: ValueType): ValueType | undefined {
  if (a.kind === 'string' && b.kind === 'string') return a.size >= b.size ? a : b
  if (a.kind === 'buffer' && b.kind === 'buffer') return a.size >= b.size ? a : b
  if (a.kind === 'tuple' && b.kind === 'tuple') return joinTuples(a, b)
  return sameType(a, b) ? a : undefined
}

/** Elements with names belong together by them, and stay in the first type's order. */
function joinTuples(a: TupleType, b: TupleType): ValueType | undefined {
  const places = placesIn(b, a)
  const elements = a.elements.map((element, at) => {
    const other = b.elements[places?.[at] ?? -1]
    return other && joinTypes({ type: element }, { type: other })?.type
  })
  const known = elements.filter((element) => element !== undefined)
  return known.length === a.elements.length ? { ...a, elements: known } : undefined
}

/** Where in `from` the elements of `to` are, in the order of `to`; `undefined` if they are not the same ones. */
export function placesIn(from: TupleType, to: TupleType): readonly number[] | undefined {
  const { names } = from
  if (from.elements.length !== to.elements.length || (names === undefined) !== (to.names === undefined))
    return undefined
  const places = to.elements.map((_, at) => names?.indexOf(to.names?.[at] ?? '') ?? at)
  return places.includes(-1) ? undefined : places
}

/** Whether two types are the same in everything, sizes and parameters too. */
export function sameType(a: ValueType, b: ValueType): boolean {
  if (a.kind !== b.kind || sizedTypeText(a) !== sizedTypeText(b)) return false
  if (a.kind === 'lhist' && b.kind === 'lhist') return a.min === b.min && a.max === b.max && a.step === b.step
  if (a.kind === 'hist' && b.kind === 'hist') return a.bits === b.bits
  if (a.kind === 'tseries' && b.kind === 'tseries')
    return a.intervalNs === b.intervalNs && a.intervals === b.intervals && a.reduce === b.reduce
  return a.kind !== 'timestamp' || b.kind !== 'timestamp' || a.format === b.format
}
