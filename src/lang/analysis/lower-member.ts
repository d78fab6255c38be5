import type { Expression } from '../../ir/expression.js'
import { type FieldLayout, sizeOf, tupleLayout } from '../../ir/layout.js'
import { typeText } from '../../ir/type-text.js'
import { int64, integer, stringOf, type TupleType, type ValueType } from '../../ir/value-type.js'
import { didYouMean } from '../did-you-mean.js'
import type { ExpressionNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { lowerExpression } from './lower-expression.js'
import { lowerInOrder } from './lower-in-order.js'
import { addressAt, movedBy } from './lower-pointer.js'
import { dereference, inMemory } from './lower-unary.js'
import { constantInteger, type Operand, pure, unknownOperand } from './operand.js'
import { isSized } from './resolve-type.js'

type MemberNode = ExpressionNode & { kind: 'member' }

/** `a.name`; a pointer is followed first, with `.` as with `->`. */
export function lowerMember(node: MemberNode, context: HandlerContext): Operand {
  const given = lowerExpression(node.record, context)
  if (given.unknown) return unknownOperand
  const operand = given.type.kind === 'pointer' ? dereference(given, node.span, context) : given
  if (operand.unknown) return unknownOperand
  const field = findField(operand.type, node, context)
  return field === undefined ? unknownOperand : fieldOf(operand, field, node, context)
}

function findField(type: ValueType, node: MemberNode, context: HandlerContext): FieldLayout | undefined {
  if (type.kind === 'tuple' && type.names !== undefined) return findNamed(type, type.names, node, context)
  if (type.kind !== 'record') {
    context.error(
      node.span,
      `Can not access field '${node.name}' on expression of type '${typeText(type)}'`,
      `cast it first: ((struct Name *)…).${node.name}`,
    )
    return undefined
  }
  const fields = context.tables.records.get(type.name)?.fields ?? []
  const found = fields.find(({ name }) => name === node.name)
  if (found !== undefined) return found
  const names = fields.map(({ name }) => name)
  context.error(node.span, `${type.name} does not contain a field named '${node.name}'${didYouMean(node.name, names)}`)
  return undefined
}

function findNamed(
  { elements }: TupleType,
  names: readonly string[],
  { name, span }: MemberNode,
  context: HandlerContext,
): FieldLayout | undefined {
  const at = names.indexOf(name)
  const type = elements[at]
  if (type !== undefined) return { name, type, offset: tupleLayout(elements).offsets[at] ?? 0 }
  context.error(span, `the record does not contain a field named '${name}'${didYouMean(name, names)}`)
  return undefined
}

function fieldOf(operand: Operand, field: FieldLayout, node: MemberNode, context: HandlerContext): Operand {
  const { place } = operand
  if (place === undefined) return extract(operand.expression, field)
  const address = addressAt(place, field.offset)
  if (field.bitfield === undefined) return inMemory(field.type, address, node.span, context)
  return bitsInMemory(field, field.bitfield, address, node, context)
}

/** Only the bytes that the bits are in are read: the rest of the unit may lie behind the end of the memory. */
function bitsInMemory(
  field: FieldLayout,
  { shift, bits }: NonNullable<FieldLayout['bitfield']>,
  address: Expression,
  node: MemberNode,
  { builder }: HandlerContext,
): Operand {
  const unit = integer(8, false)
  const bytes = Math.ceil((shift + bits) / 8)
  const local = builder.temporary({ kind: 'array', element: unit, length: bytes })
  builder.emit({ op: 'read', local, address, span: node.span })
  return pure({ op: 'extract', type: field.type, block: builder.read(local), offset: 0, bitfield: { shift, bits } })
}

/** A part of a block; text becomes a string. */
function extract(block: Expression, { type, offset, bitfield }: FieldLayout): Operand {
  const part: Expression = { op: 'extract', type, block, offset, ...(bitfield === undefined ? {} : { bitfield }) }
  if (type.kind !== 'array' || !type.text) return pure(part)
  return { ...pure({ op: 'resize', type: stringOf(type.length + 1), value: part }), array: pure(part) }
}

export function lowerTupleMember(node: ExpressionNode & { kind: 'tuple-member' }, context: HandlerContext): Operand {
  const operand = lowerExpression(node.tuple, context)
  return operand.unknown ? unknownOperand : tupleElement(operand, node.index, node, context)
}

function tupleElement(operand: Operand, index: number, node: ExpressionNode, context: HandlerContext): Operand {
  const { type, expression } = operand
  if (type.kind !== 'tuple' || type.names !== undefined) {
    context.error(node.span, `Can not access index '${index}' on expression of type '${typeText(type)}'`)
    return unknownOperand
  }
  const element = type.elements[index]
  if (element === undefined) {
    context.error(node.span, `Invalid tuple index: ${index}. Found ${type.elements.length} elements in tuple.`)
    return unknownOperand
  }
  const offset = tupleLayout(type.elements).offsets[index] ?? 0
  return pure({ op: 'extract', type: element, block: expression, offset })
}

/** `a[i]`: arrays, pointers, and tuples with a literal index. */
export function lowerElement(node: ExpressionNode & { kind: 'element' }, context: HandlerContext): Operand {
  const operand = lowerExpression(node.array, context)
  const array = operand.array ?? operand
  const [index = unknownOperand] = lowerInOrder([node.index], context)
  if (array.unknown || index.unknown) return unknownOperand
  const known = constantInteger(index)
  if (array.type.kind === 'tuple' && known !== undefined) return tupleElement(array, Number(known), node, context)
  if (index.type.kind !== 'integer')
    return refuse(node, context, 'The array index operator [] only accepts positive integer indices.')
  if (array.type.kind === 'pointer') return pointerElement(array, index, node, context)
  if (array.type.kind !== 'array')
    return refuse(
      node,
      context,
      `The array index operator [] can only be used on arrays, pointers, and tuples, found ${typeText(array.type)}.`,
    )
  return arrayElement(array, array.type, index, node, context)
}

function pointerElement(array: Operand, index: Operand, node: ExpressionNode, context: HandlerContext): Operand {
  const to = array.type.kind === 'pointer' ? array.type.to : array.type
  if (!isSized(to))
    return refuse(node, context, 'The array index operator [] cannot be used on a pointer to an unsized type (void *).')
  return inMemory(to, movedBy(array, index.expression, 'add'), node.span, context)
}

function arrayElement(
  array: Operand,
  { element, length }: ValueType & { kind: 'array' },
  index: Operand,
  node: ExpressionNode,
  context: HandlerContext,
): Operand {
  const known = constantInteger(index)
  // A last member of length 0 stands for as many as there are.
  if (known !== undefined && length > 0 && (known < 0n || known >= BigInt(length)))
    return refuse(node, context, `the index ${known} is out of bounds for array of size ${length}`)
  const size = sizeOf(element)
  if (array.place !== undefined) {
    const bytes: Expression = { op: 'constant', type: int64, value: BigInt(size) }
    const offset: Expression = { op: 'multiply', type: int64, left: index.expression, right: bytes }
    const address: Expression = { op: 'add', type: int64, left: array.place, right: offset }
    return inMemory(element, address, node.span, context)
  }
  if (known === undefined)
    return refuse(node, context, 'the index of an array that is no longer in memory must be a literal')
  return extract(array.expression, { name: '', type: element, offset: Number(known) * size })
}

function refuse(node: ExpressionNode, context: HandlerContext, message: string): Operand {
  context.error(node.span, message)
  return unknownOperand
}
