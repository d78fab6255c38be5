import type { Expression } from '../../ir/expression.js'
import type { Span } from '../../ir/statement.js'
import { typeText } from '../../ir/type-text.js'
import { boolType, int64, isScalar, stringOf, uint64, type ValueType } from '../../ir/value-type.js'
import type { ExpressionNode, UnaryOperatorText } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { lowerExpression } from './lower-expression.js'
import { booleanOperand, int8, integerOperand, type Operand, pure, unknownOperand } from './operand.js'
import { isSized } from './resolve-type.js'

type UnaryNode = ExpressionNode & { kind: 'unary' }

export function lowerUnary(node: UnaryNode, context: HandlerContext): Operand {
  if (node.operator === '&') {
    context.error(
      node.span,
      'the address of a variable or map cannot be taken',
      'pointers come from the target: arg0, casts, uaddr("symbol")',
    )
    return unknownOperand
  }
  const operand = lowerExpression(node.operand, context)
  if (operand.unknown) return unknownOperand
  if (node.operator === '*') return dereference(operand, node.span, context)
  if (node.operator === '!') return lowerNot(operand, node, context)
  return lowerArithmetic(node.operator, operand, node.span, context)
}

function lowerNot(operand: Operand, node: UnaryNode, context: HandlerContext): Operand {
  if (typeof operand.constant === 'bigint') return booleanOperand(operand.constant === 0n)
  if (typeof operand.constant === 'boolean') return booleanOperand(!operand.constant)
  const { kind } = operand.type
  if (kind !== 'integer' && kind !== 'bool' && kind !== 'pointer') return refuse('!', operand.type, node.span, context)
  return pure({ op: 'not', type: boolType, value: context.condition(operand, node.operand.span) })
}

function lowerArithmetic(operator: '-' | '~', operand: Operand, span: Span, context: HandlerContext): Operand {
  const { type, constant, literal, expression } = operand
  if (type.kind !== 'integer') return refuse(operator, type, span, context)
  if (typeof constant === 'bigint' && literal !== undefined) return foldUnary(operator, constant, span, context)
  if (operator === '~') return pure({ op: 'complement', type: type.signed ? int64 : uint64, value: expression })
  return pure({ op: 'negate', type: int64, value: expression })
}

/** `~5` is -6 as in bpftrace 0.17; later versions agree in the bits. */
function foldUnary(operator: '-' | '~', value: bigint, span: Span, context: HandlerContext): Operand {
  const folded = operator === '-' ? -value : ~value
  if (folded >= -(1n << 63n)) return integerOperand(folded)
  context.error(span, 'negative value will underflow')
  return unknownOperand
}

/** The value at an address. Structs and arrays stay in the target until a part of them is used. */
export function dereference(operand: Operand, span: Span, context: HandlerContext): Operand {
  const target = pointee(operand.type)
  if (target === undefined || !isSized(target)) {
    const problem =
      target === undefined
        ? `Can not dereference type '${typeText(operand.type)}'`
        : `Can not dereference a pointer to ${target.kind === 'void' ? 'void' : `'${typeText(target)}'`}`
    context.error(
      span,
      problem,
      target === undefined ? undefined : 'cast it to a pointer to a type that the script defines',
    )
    return unknownOperand
  }
  return inMemory(target, operand.expression, span, context)
}

/** An integer is taken for the address of an int8, as bpftrace does. */
function pointee(type: ValueType): ValueType | undefined {
  return type.kind === 'pointer' ? type.to : type.kind === 'integer' ? int8 : undefined
}

/** A value of the target's memory: read now if it is text or fits into a register. */
export function inMemory(type: ValueType, address: Expression, span: Span, context: HandlerContext): Operand {
  const isText = type.kind === 'array' && type.text === true
  if (!isScalar(type) && !isText) return { type, expression: unknownOperand.expression, place: address }
  const { builder } = context
  const local = builder.temporary(isText ? stringOf(type.length + 1) : type)
  if (isText) builder.emit({ op: 'read-string', local, address, limit: undefined, whole: true, span })
  else builder.emit({ op: 'read', local, address, span })
  const value = pure(builder.read(local))
  return isText ? { ...value, array: { type, expression: unknownOperand.expression, place: address } } : value
}

function refuse(operator: UnaryOperatorText, type: ValueType, span: Span, context: HandlerContext): Operand {
  context.error(span, `The ${operator} operator can not be used on expressions of type '${typeText(type)}'`)
  return unknownOperand
}
