import type { BinaryOperator, Expression } from '../../ir/expression.js'
import type { Span } from '../../ir/statement.js'
import { typeText } from '../../ir/type-text.js'
import { boolType, int64, isAggregate, uint64, type ValueType } from '../../ir/value-type.js'
import type { BinaryNode, BinaryOperatorText } from '../syntax/ast.js'
import { compare, foldIntegers } from './fold.js'
import type { HandlerContext } from './handler-context.js'
import { sameType } from './join-types.js'
import { lowerInOrder } from './lower-in-order.js'
import { lowerLogical } from './lower-logical.js'
import { lowerPointerArithmetic } from './lower-pointer.js'
import { booleanOperand, integerOperand, type Operand, pure, unknownOperand } from './operand.js'

export function lowerBinary(node: BinaryNode, context: HandlerContext): Operand {
  if (node.operator === '&&' || node.operator === '||') return lowerLogical(node, node.operator, context)
  const [left = unknownOperand, right = unknownOperand] = lowerInOrder([node.left, node.right], context)
  return combine(node, left, right, context)
}

/** An operation on two values that are there already. */
export function combine(
  node: { readonly operator: BinaryOperatorText; readonly span: Span },
  left: Operand,
  right: Operand,
  context: HandlerContext,
): Operand {
  if (left.unknown || right.unknown) return unknownOperand
  if (left.type.kind === 'pointer' || right.type.kind === 'pointer')
    return lowerPointerArithmetic(node, left, right, context)
  if (isNumber(left.type) && isNumber(right.type)) return combineIntegers(node, left, right, context)
  return combineBlocks(node, left, right, context)
}

function isNumber(type: ValueType): boolean {
  return type.kind === 'integer' || type.kind === 'bool'
}

function combineIntegers(
  { operator, span }: { readonly operator: BinaryOperatorText; readonly span: Span },
  left: Operand,
  right: Operand,
  context: HandlerContext,
): Operand {
  if (typeof left.constant === 'bigint' && typeof right.constant === 'bigint' && left.literal && right.literal)
    return foldLiterals(operator, left.constant, right.constant, span, context)
  const [signedLeft, signedRight] = signs(left, right)
  const comparison = comparisons[operator]
  if (comparison !== undefined) return pure(comparison(left.expression, right.expression, signedLeft && signedRight))
  const isSigned = operator === '<<' || operator === '>>' ? signedLeft : signedLeft || signedRight || operator === '-'
  const type = isSigned ? int64 : uint64
  if (operator === '/' || operator === '%') return divide({ operator, span }, left, right, type, context)
  const op = arithmetic[operator]
  if (op === undefined) return unknownOperand
  return pure({ op, type, left: left.expression, right: right.expression })
}

/** A literal that is not negative takes the sign of what stands beside it. */
function signs(left: Operand, right: Operand): [boolean, boolean] {
  const own = ({ type }: Operand): boolean => type.kind === 'integer' && type.signed
  const gives = ({ literal }: Operand): boolean => literal !== undefined && !literal.negative
  return [gives(left) ? own(right) : own(left), gives(right) ? own(left) : own(right)]
}

function foldLiterals(
  operator: BinaryOperatorText,
  left: bigint,
  right: bigint,
  span: Span,
  context: HandlerContext,
): Operand {
  const folded = foldIntegers(operator, left, right)
  if (folded === undefined) {
    context.error(span, 'unable to fold literals due to overflow or underflow')
    return unknownOperand
  }
  return typeof folded === 'boolean' ? booleanOperand(folded) : integerOperand(folded)
}

function divide(
  { operator, span }: { readonly operator: '/' | '%'; readonly span: Span },
  left: Operand,
  right: Operand,
  type: ValueType,
  { builder, diagnostics }: HandlerContext,
): Operand {
  const [signedLeft, signedRight] = signs(left, right)
  if (signedLeft || signedRight)
    diagnostics.warning(
      span,
      `signed operands for '${operator}' can lead to undefined behavior (cast to unsigned to silence warning)`,
    )
  const local = builder.temporary(type)
  const op = operator === '/' ? 'divide' : 'modulo'
  builder.emit({ op, local, left: left.expression, right: right.expression, span })
  return pure(builder.read(local))
}

const arithmetic: Partial<Record<BinaryOperatorText, BinaryOperator>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '&': 'and',
  '|': 'or',
  '^': 'xor',
  '<<': 'shift-left',
  '>>': 'shift-right',
}

type Comparison = (left: Expression, right: Expression, signed: boolean) => Expression

/** `a > b` is `b < a`. */
export const comparisons: Partial<Record<BinaryOperatorText, Comparison>> = {
  '==': (left, right) => ({ op: 'is-equal', type: boolType, left, right }),
  '!=': (left, right) => ({ op: 'is-different', type: boolType, left, right }),
  '<': (left, right, signed) => below(left, right, signed),
  '>': (left, right, signed) => below(right, left, signed),
  '<=': (left, right, signed) => atMost(left, right, signed),
  '>=': (left, right, signed) => atMost(right, left, signed),
}

function below(left: Expression, right: Expression, signed: boolean): Expression {
  return { op: signed ? 'is-below-signed' : 'is-below', type: boolType, left, right }
}

function atMost(left: Expression, right: Expression, signed: boolean): Expression {
  return { op: signed ? 'is-at-most-signed' : 'is-at-most', type: boolType, left, right }
}

/** Strings, buffers, arrays and tuples can be compared for equality, and literal strings put together. */
function combineBlocks(
  { operator, span }: { readonly operator: BinaryOperatorText; readonly span: Span },
  left: Operand,
  right: Operand,
  context: HandlerContext,
): Operand {
  if (typeof left.constant === 'string' && typeof right.constant === 'string') {
    const compared = compare(operator, left.constant, right.constant)
    if (compared !== undefined) return booleanOperand(compared)
  }
  const isComparison = operator === '==' || operator === '!='
  const named = isComparison ? (compareName(left, right) ?? compareName(right, left)) : undefined
  if (named !== undefined) return pure(operator === '==' ? named : { op: 'not', type: boolType, value: named })
  if (!isComparison || !comparable(left.type, right.type)) {
    context.error(span, mismatch(operator, left.type, right.type))
    return unknownOperand
  }
  const equal: Expression = { op: 'equal', type: boolType, left: left.expression, right: right.expression }
  return pure(operator === '==' ? equal : { op: 'not', type: boolType, value: equal })
}

/** The name of a probe is known where the handler is put, so comparing it with a literal costs nothing at a hit. */
function compareName({ type }: Operand, { constant }: Operand): Expression | undefined {
  if (typeof constant !== 'string' || (type.kind !== 'probe-name' && type.kind !== 'function-name')) return undefined
  const what = type.kind === 'probe-name' ? 'probe' : 'function'
  return { op: 'input', type: boolType, input: { kind: 'is-named', what, name: constant } }
}

function comparable(left: ValueType, right: ValueType): boolean {
  if (left.kind !== right.kind || isAggregate(left)) return false
  if (left.kind === 'tuple' && right.kind === 'tuple')
    return (
      String(left.names) === String(right.names) &&
      left.elements.length === right.elements.length &&
      left.elements.every((element, at) => {
        const other = right.elements[at]
        return other !== undefined && (comparable(element, other) || (isNumber(element) && isNumber(other)))
      })
    )
  return left.kind === 'string' || left.kind === 'buffer' || sameType(left, right)
}

function mismatch(operator: string, left: ValueType, right: ValueType): string {
  if (left.kind === right.kind)
    return `The ${operator} operator can not be used on expressions of types ${typeText(left)}, ${typeText(right)}`
  return `Type mismatch for '${operator}': comparing ${typeText(left)} with ${typeText(right)}`
}
