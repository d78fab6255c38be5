import { alignmentOf, alignUp, type FieldLayout, type RecordLayout, sizeOf } from '../../ir/layout.js'
import type { ValueType } from '../../ir/value-type.js'
import type { Diagnostics } from '../diagnostic.js'
import type { FieldNode, RecordNode } from '../syntax/ast.js'
import { arrayOf, completeType, type KnownTypes, resolveType } from './resolve-type.js'

/** Structs larger than this are nobody's. */
const MAX_SIZE = 1 << 24

/**
 * Lays out the records of a script as gcc does on x86-64 (System V ABI, section 3.1.2). Records are given inner ones first, and
 * one may only contain those before it.
 */
export function layOutRecords(
  nodes: readonly RecordNode[],
  enums: KnownTypes['enums'],
  diagnostics: Diagnostics,
): Map<string, RecordLayout> {
  const records = new Map<string, RecordLayout>()
  for (const node of nodes) {
    if (records.has(node.name)) diagnostics.error(node.span, `Redefinition of '${node.name}'`)
    records.set(node.name, layOut(node, { records, enums }, diagnostics))
  }
  const known = { records, enums }
  return new Map(
    [...records].map(([name, layout]) => [
      name,
      { ...layout, fields: layout.fields.map((field) => completed(field, known)) },
    ]),
  )
}

/** Pointers to the record itself, and to those that stand below it. */
function completed(field: FieldLayout, known: KnownTypes): FieldLayout {
  return { ...field, type: completeType(field.type, known) }
}

/** Where the next field goes. `bit` counts from the record's beginning. */
interface Cursor {
  bit: number
  alignment: number
  end: number
}

function layOut(node: RecordNode, known: KnownTypes, diagnostics: Diagnostics): RecordLayout {
  const cursor: Cursor = { bit: 0, alignment: 1, end: 0 }
  const fields: FieldLayout[] = []
  for (const field of node.fields) {
    const type = fieldType(field, known, diagnostics)
    if (type === undefined) continue
    if (node.union) cursor.bit = 0
    const placed =
      field.bits === undefined
        ? placeField(field, type, node.packed, cursor)
        : placeBits(field, type, field.bits, cursor)
    fields.push(...(field.name === '' ? innerFields(placed, known) : [placed]))
    cursor.end = Math.max(cursor.end, Math.ceil(cursor.bit / 8))
  }
  const size = alignUp(cursor.end, cursor.alignment)
  if (size > MAX_SIZE)
    diagnostics.error(node.span, `${node.name} takes ${size} bytes; at most ${MAX_SIZE} are possible`)
  return { name: node.name, size: Math.min(size, MAX_SIZE), alignment: cursor.alignment, fields }
}

function fieldType(field: FieldNode, known: KnownTypes, diagnostics: Diagnostics): ValueType | undefined {
  const type = resolveType(field.type, known)
  if (typeof type === 'string') {
    diagnostics.error(field.span, type)
    return undefined
  }
  const isText = field.type.base === 'int8' && type.kind === 'integer' && field.lengths.length === 1
  if (isText) return { kind: 'array', element: type, length: field.lengths[0] ?? 0, text: true }
  return field.lengths.reduceRight<ValueType>((element, length) => arrayOf(element, length), type)
}

function placeField(field: FieldNode, type: ValueType, packed: boolean, cursor: Cursor): FieldLayout {
  const alignment = packed ? 1 : alignmentOf(type)
  const offset = alignUp(Math.ceil(cursor.bit / 8), alignment)
  cursor.alignment = Math.max(cursor.alignment, alignment)
  cursor.bit = (offset + sizeOf(type)) * 8
  return { name: field.name, type, offset }
}

/** A bitfield lies within one unit of its type; width 0 goes on to the next unit. Those without a name align nothing. */
function placeBits(field: FieldNode, type: ValueType, bits: number, cursor: Cursor): FieldLayout {
  const unit = sizeOf(type) * 8
  const straddles = Math.floor(cursor.bit / unit) !== Math.floor((cursor.bit + Math.max(1, bits) - 1) / unit)
  if (bits === 0 || straddles) cursor.bit = alignUp(cursor.bit, unit)
  if (field.name !== '') cursor.alignment = Math.max(cursor.alignment, alignmentOf(type))
  const offset = Math.floor(cursor.bit / unit) * sizeOf(type)
  const shift = cursor.bit - offset * 8
  cursor.bit += bits
  return { name: field.name, type, offset, bitfield: { shift, bits } }
}

/** The members of an anonymous struct or union belong to the record around it. */
function innerFields({ type, offset }: FieldLayout, known: KnownTypes): FieldLayout[] {
  if (type.kind !== 'record') return []
  const inner = known.records.get(type.name)?.fields ?? []
  return inner.map((field) => ({ ...field, offset: field.offset + offset }))
}
