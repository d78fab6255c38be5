import { sizeOf } from '../../ir/layout.js'
import type { Span } from '../../ir/statement.js'
import { typeText } from '../../ir/type-text.js'
import {
  type ArrayType,
  boolType,
  type IntegerType,
  integer,
  isAggregate,
  type ValueType,
} from '../../ir/value-type.js'
import type { ExpressionNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { lowerExpression } from './lower-expression.js'
import { dereference } from './lower-unary.js'
import { type Operand, pure, typedConstant, unknownOperand } from './operand.js'
import { resolveType } from './resolve-type.js'

type CastNode = ExpressionNode & { kind: 'cast' }

export function lowerCast(node: CastNode, context: HandlerContext): Operand {
  const type = resolveType(node.type, context.tables)
  const operand = lowerExpression(node.value, context)
  if (typeof type === 'string') {
    context.error(node.type.span, type)
    return unknownOperand
  }
  if (operand.unknown) return unknownOperand
  const cast = castTo(type, operand, node, context)
  if (cast !== undefined) return cast
  context.error(node.span, `Cannot cast from "${typeText(operand.type)}" to "${typeText(type)}"`, instead(type))
  return unknownOperand
}

function instead(type: ValueType): string | undefined {
  return type.kind === 'record' ? `cast to a pointer, and follow it: *(${type.name} *)…` : undefined
}

function castTo(type: ValueType, operand: Operand, node: CastNode, context: HandlerContext): Operand | undefined {
  const from = operand.type
  switch (type.kind) {
    case 'integer':
      return castToInteger(type, operand, node.span, context)
    case 'bool':
      return from.kind === 'string'
        ? pure({
            op: 'convert',
            type: boolType,
            value: { op: 'call', type, function: 'strlen', arguments: [operand.expression] },
          })
        : from.kind === 'integer' || from.kind === 'pointer' || from.kind === 'bool'
          ? pure(context.condition(operand, node.span))
          : undefined
    case 'pointer':
      return from.kind === 'integer' || from.kind === 'pointer'
        ? pure({ op: 'convert', type, value: operand.expression })
        : undefined
    case 'array':
      return castToArray(type, operand, node, context)
    case 'string':
      return from.kind === 'string' ? pure({ op: 'resize', type, value: operand.expression }) : undefined
    case 'record':
      return castToRecord(type, operand, node, context)
    default:
      return undefined
  }
}

function castToInteger(type: IntegerType, operand: Operand, span: Span, context: HandlerContext): Operand | undefined {
  const from = operand.type
  // As in bpftrace, the new type's sign says how a value gets wider: (uint64)(int8)-1 is 255, (int64)(uint8)255 is -1.
  const between = from.kind === 'integer' && from.bits < type.bits ? integer(from.bits, type.signed) : undefined
  if (typeof operand.constant === 'bigint')
    return typedConstant(fit(between === undefined ? operand.constant : fit(operand.constant, between), type), type)
  if (from.kind === 'array') {
    if (sizeOf(from) !== sizeOf(type)) return undefined
    const value = context.value(operand, span)
    return pure({ op: 'call', type, function: 'reinterpret', arguments: [value] })
  }
  const isNumber = from.kind === 'integer' || from.kind === 'bool' || from.kind === 'pointer' || from.kind === 'usym'
  if (!isNumber || isAggregate(from)) return undefined
  const value = operand.expression
  return pure({ op: 'convert', type, value: between === undefined ? value : { op: 'convert', type: between, value } })
}

/** The number that is left of a value in a type. */
export function fit(value: bigint, { bits, signed }: IntegerType): bigint {
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
}

/** An integer's bytes as an array of smaller integers. The length may be left out. */
function castToArray(type: ArrayType, operand: Operand, node: CastNode, context: HandlerContext): Operand | undefined {
  const from = operand.type
  if (type.element.kind !== 'integer' || (from.kind !== 'integer' && from.kind !== 'array')) return undefined
  const length = node.type.lengths.at(-1) === undefined ? sizeOf(from) / sizeOf(type.element) : type.length
  const array: ArrayType = { ...type, length }
  if (sizeOf(array) !== sizeOf(from)) return undefined
  const value = context.value(operand, node.span)
  return pure({ op: 'call', type: array, function: 'reinterpret', arguments: [value] })
}

/** `(struct Foo)*arg0`, an old way to write `*(struct Foo *)arg0`. */
function castToRecord(type: ValueType, operand: Operand, node: CastNode, context: HandlerContext): Operand | undefined {
  if (operand.type.kind !== 'pointer') return undefined
  return dereference(
    pure({ op: 'convert', type: { kind: 'pointer', to: type }, value: operand.expression }),
    node.span,
    context,
  )
}
