/** The type of a value in a program. Plain data: two types are the same if their texts (`typeText`) are. */
export type ValueType =
  | IntegerType
  | StringType
  | BufferType
  | PointerType
  | ArrayType
  | RecordType
  | TupleType
  | AggregateType
  | ResolvedType
  | StackType
  | { readonly kind: 'void' }
  | { readonly kind: 'bool' }

export interface IntegerType {
  readonly kind: 'integer'
  readonly bits: IntegerBits
  readonly signed: boolean
  /** The enum whose names the value is shown by. */
  readonly enumName?: string
}

export type IntegerBits = 8 | 16 | 32 | 64

/**
 * A block of `size` bytes: text, padded with NUL. The text takes at most `size - 1` bytes; the last byte is 1 where the text was
 * longer than that and has been cut, else 0.
 */
export interface StringType {
  readonly kind: 'string'
  readonly size: number
}

/** A block of 4 bytes, the number of bytes used, followed by `size` bytes. */
export interface BufferType {
  readonly kind: 'buffer'
  readonly size: number
}

export interface PointerType {
  readonly kind: 'pointer'
  readonly to: ValueType
}

export interface ArrayType {
  readonly kind: 'array'
  readonly element: ValueType
  readonly length: number
  /** An array of C's char: shown and used as text. */
  readonly text?: true
}

/** A struct or union of the script; its layout is in `Program.records`. */
export interface RecordType {
  readonly kind: 'record'
  readonly name: string
  readonly size: number
  readonly alignment: number
}

export interface TupleType {
  readonly kind: 'tuple'
  readonly elements: readonly ValueType[]
  /** Those of the elements, in their order, where the script gives names: `(a=1, b="x")`. */
  readonly names?: readonly string[]
}

/** What a map holds for `@ = count()` and its like. Only maps hold these. */
export type AggregateType =
  | { readonly kind: 'count' }
  | { readonly kind: 'sum' | 'min' | 'max' | 'avg' | 'stats'; readonly signed: boolean }
  | HistogramType
  | LinearHistogramType
  | TimeSeriesType

/** 2^bits buckets for each power of two. */
export interface HistogramType {
  readonly kind: 'hist'
  readonly bits: number
  readonly signed: boolean
}

export interface LinearHistogramType {
  readonly kind: 'lhist'
  readonly min: bigint
  readonly max: bigint
  readonly step: bigint
  readonly signed: boolean
}

export interface TimeSeriesType {
  readonly kind: 'tseries'
  readonly intervalNs: bigint
  readonly intervals: number
  readonly reduce: TimeSeriesReduction
  readonly signed: boolean
}

export type TimeSeriesReduction = 'last' | 'avg' | 'max' | 'min' | 'sum'

/**
 * A number that whoever shows it turns into text: an address into a symbol, a time into a date, and so on. 64 bits, except
 * `inet` (a 32-bit family of addresses, 4 or 6, then 16 bytes) and `macaddr` (6 bytes).
 */
export type ResolvedType =
  | { readonly kind: 'usym' | 'probe-name' | 'function-name' | 'username' | 'strerror' | 'inet' | 'macaddr' }
  | { readonly kind: 'timestamp'; readonly format: string }

/** How a stack is shown, in bpftrace's words. */
export type StackMode = 'bpftrace' | 'perf' | 'raw'

/** A block of `depth` addresses, innermost first, with zeros behind the last. */
export interface StackType {
  readonly kind: 'ustack'
  readonly mode: StackMode
  readonly depth: number
}

export const voidType: ValueType = { kind: 'void' }
export const boolType: ValueType = { kind: 'bool' }
export const int64: IntegerType = integer(64, true)
export const uint64: IntegerType = integer(64, false)
export const uint32: IntegerType = integer(32, false)

export function integer(bits: IntegerBits, signed: boolean): IntegerType {
  return { kind: 'integer', bits, signed }
}

export function pointerTo(to: ValueType): PointerType {
  return { kind: 'pointer', to }
}

export function stringOf(size: number): StringType {
  return { kind: 'string', size }
}

const aggregateKinds: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'min',
  'max',
  'avg',
  'stats',
  'hist',
  'lhist',
  'tseries',
])

export function isAggregate(type: ValueType): type is AggregateType {
  return aggregateKinds.has(type.kind)
}

/** Whether a value of the type fits into one register; all others are blocks of bytes. */
export function isScalar(type: ValueType): boolean {
  switch (type.kind) {
    case 'integer':
    case 'bool':
    case 'pointer':
    case 'usym':
    case 'probe-name':
    case 'function-name':
    case 'username':
    case 'strerror':
    case 'timestamp':
      return true
    default:
      return false
  }
}
