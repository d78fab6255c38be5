import type { Expression } from '../../ir/expression.js'
import { sizeOf } from '../../ir/layout.js'
import type { Span } from '../../ir/statement.js'
import { typeText } from '../../ir/type-text.js'
import { int64, uint64, type ValueType } from '../../ir/value-type.js'
import type { BinaryOperatorText } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { comparisons } from './lower-binary.js'
import { type Operand, pure, unknownOperand } from './operand.js'
import { isSized } from './resolve-type.js'

/** Pointers are compared with pointers and integers, and moved by elements. */
export function lowerPointerArithmetic(
  { operator, span }: { readonly operator: BinaryOperatorText; readonly span: Span },
  left: Operand,
  right: Operand,
  context: HandlerContext,
): Operand {
  const comparison = comparisons[operator]
  const other = left.type.kind === 'pointer' ? right.type : left.type
  if (comparison !== undefined && (other.kind === 'pointer' || other.kind === 'integer'))
    return pure(comparison(left.expression, right.expression, false))
  const pointer = left.type.kind === 'pointer' ? left : right
  const canMove = operator === '+' || (operator === '-' && pointer === left)
  if (!canMove || other.kind !== 'integer') {
    context.error(
      span,
      `The ${operator} operator can not be used on expressions of types ${typeText(left.type)}, ${typeText(right.type)}`,
    )
    return unknownOperand
  }
  const distance = pointer === left ? right.expression : left.expression
  return pure(movedBy(pointer, distance, operator === '+' ? 'add' : 'subtract'))
}

/** A pointer some elements further or back. */
export function movedBy({ type, expression }: Operand, elements: Expression, op: 'add' | 'subtract'): Expression {
  const scaled: Expression = { op: 'multiply', type: int64, left: elements, right: size(type) }
  return { op, type, left: expression, right: scaled }
}

/** An address some bytes further. */
export function addressAt(address: Expression, offset: number): Expression {
  if (offset === 0) return address
  return { op: 'add', type: uint64, left: address, right: { op: 'constant', type: uint64, value: BigInt(offset) } }
}

function size(pointer: ValueType): Expression {
  const bytes = pointer.kind === 'pointer' && isSized(pointer.to) ? sizeOf(pointer.to) : 1
  return { op: 'constant', type: int64, value: BigInt(bytes) }
}
