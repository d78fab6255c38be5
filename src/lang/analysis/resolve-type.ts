import type { RecordLayout } from '../../ir/layout.js'
import { sizeOf } from '../../ir/layout.js'
import {
  boolType,
  type IntegerBits,
  integer,
  pointerTo,
  stringOf,
  type ValueType,
  voidType,
} from '../../ir/value-type.js'
import { didYouMean } from '../did-you-mean.js'
import type { TypeName } from '../syntax/ast.js'

export interface KnownTypes {
  readonly records: ReadonlyMap<string, RecordLayout>
  readonly enums: ReadonlyMap<string, unknown>
}

/** Nobody keeps longer ones in a register, a map or on a stack. */
const MAX_LENGTH = 1 << 16

/** The type that a name stands for, or a sentence about what is wrong with it. */
export function resolveType(name: TypeName, known: KnownTypes): ValueType | string {
  const base = resolveBase(name, known)
  if (typeof base === 'string') return base
  let type = base
  for (let depth = 0; depth < name.pointers; depth++) type = pointerTo(type)
  if (name.lengths.reduce<number>((size, length) => size * Math.max(1, length ?? 1), 1) > MAX_LENGTH)
    return `arrays have at most ${MAX_LENGTH} elements`
  if (base.kind === 'string' || base.kind === 'buffer') return type
  return [...name.lengths].reverse().reduce<ValueType>((element, length) => arrayOf(element, length ?? 0), type)
}

export function arrayOf(element: ValueType, length: number): ValueType {
  return { kind: 'array', element, length }
}

function resolveBase({ base, pointers, lengths }: TypeName, known: KnownTypes): ValueType | string {
  const integerType = integerNamed(base)
  if (integerType !== undefined) return integerType
  if (base === 'bool') return boolType
  if (base === 'void') return pointers > 0 ? voidType : 'void is no type of a value; pointers to void are'
  if (base === 'string') return stringOf(lengths[0] ?? 1)
  if (base === 'buffer') return { kind: 'buffer', size: lengths[0] ?? 0 }
  if (base === 'inet' || base === 'macaddr_t') return { kind: base === 'inet' ? 'inet' : 'macaddr' }
  if (base === 'timestamp') return { kind: 'timestamp', format: '%Y-%m-%dT%H:%M:%S' }
  if (base === 'float' || base === 'double' || base === 'long double')
    return pointers > 0 ? voidType : 'floating-point numbers are not supported; read their bytes as integers'
  if (base.startsWith('enum ') && known.enums.has(base)) return { ...integer(32, false), enumName: base }
  return resolveRecord(base, pointers, known)
}

function resolveRecord(base: string, pointers: number, known: KnownTypes): ValueType | string {
  const name = known.records.has(base) ? base : known.records.has(`struct ${base}`) ? `struct ${base}` : undefined
  const layout = name === undefined ? undefined : known.records.get(name)
  if (layout !== undefined) return { kind: 'record', name: layout.name, size: layout.size, alignment: layout.alignment }
  // A pointer to something unknown can be kept and shown, but not followed.
  if (pointers > 0) return { kind: 'record', name: base, size: 0, alignment: 1 }
  return `Cannot resolve unknown type "${base}"${didYouMean(base, [...known.records.keys(), ...integerNames])}`
}

/** The type with pointers to what was not known when it was resolved, and is now. */
export function completeType(type: ValueType, known: KnownTypes): ValueType {
  if (type.kind === 'pointer') return { ...type, to: completeType(type.to, known) }
  if (type.kind === 'array') return { ...type, element: completeType(type.element, known) }
  if (type.kind !== 'record' || isSized(type)) return type
  const resolved = resolveRecord(type.name, 1, known)
  return typeof resolved === 'string' ? type : resolved
}

const typedefs: Readonly<Record<string, string>> = {
  size_t: 'uint64',
  ssize_t: 'int64',
  uintptr_t: 'uint64',
  intptr_t: 'int64',
  pid_t: 'int32',
  uid_t: 'uint32',
  gid_t: 'uint32',
  off_t: 'int64',
  time_t: 'int64',
}

const integerNames = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64']

function integerNamed(name: string): ValueType | undefined {
  const plain = Object.hasOwn(typedefs, name) ? (typedefs[name] ?? name) : name
  const [, unsigned, digits] = /^(?:(u?)int|[us])(8|16|32|64)(?:_t)?$/.exec(plain) ?? []
  const bits = ([8, 16, 32, 64] as const).find((width) => String(width) === digits)
  return bits === undefined ? undefined : integerOf(plain, bits, unsigned)
}

function integerOf(name: string, bits: IntegerBits, unsigned: string | undefined): ValueType {
  return integer(bits, unsigned === undefined ? name.startsWith('s') : unsigned === '')
}

/** Whether the bytes of a type are known, so that it can be read and measured. */
export function isSized(type: ValueType): boolean {
  return type.kind !== 'void' && (type.kind !== 'record' || sizeOf(type) > 0)
}
