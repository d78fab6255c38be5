import type { Expression } from '../../ir/expression.js'
import { typeText } from '../../ir/type-text.js'
import { int64, type ValueType } from '../../ir/value-type.js'
import type { ExpressionNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { movedBy } from './lower-pointer.js'
import { openTarget } from './lower-target.js'
import { type Operand, pure, unknownOperand } from './operand.js'

type IncrementNode = ExpressionNode & { kind: 'increment' }

/** `++` and `--`, before and behind. */
export function lowerIncrement(node: IncrementNode, context: HandlerContext): Operand {
  const { current, store } = openTarget(node.target, node.span, context)
  if (current.unknown) return unknownOperand
  if (current.type.kind !== 'integer' && current.type.kind !== 'pointer') {
    context.error(
      node.span,
      `The ${node.operator} operator can not be used on expressions of type '${typeText(current.type)}'`,
    )
    return unknownOperand
  }
  const before = pure(context.builder.keep(current.expression))
  const after = pure(context.builder.keep(moved(before, node.operator)))
  store(after)
  return node.prefix ? after : before
}

function moved(operand: Operand, operator: '++' | '--'): Expression {
  const { type, expression } = operand
  const one: Expression = { op: 'constant', type: int64, value: 1n }
  const op = operator === '++' ? 'add' : 'subtract'
  if (type.kind === 'pointer') return movedBy(operand, one, op)
  return cutTo(type, { op, type, left: expression, right: one })
}

/** Computed in 64 bits, kept in the type's. */
function cutTo(type: ValueType, value: Expression): Expression {
  return type.kind === 'integer' && type.bits < 64 ? { op: 'convert', type, value } : value
}
