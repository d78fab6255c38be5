import type { Expression } from '../../ir/expression.js'
import { isAggregate } from '../../ir/value-type.js'
import type { ExpressionNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { lowerInOrder } from './lower-in-order.js'
import { type Operand, pure, unknownOperand } from './operand.js'

export function lowerTuple(node: ExpressionNode & { kind: 'tuple' }, context: HandlerContext): Operand {
  const operands = lowerInOrder(node.elements, context)
  if (operands.some(({ unknown }) => unknown)) return unknownOperand
  const bad = operands.findIndex(({ type }) => type.kind === 'void' || isAggregate(type))
  if (bad !== -1) {
    const span = node.elements[bad]?.span ?? node.span
    context.error(span, `a value of type '${operands[bad]?.type.kind}' cannot be part of a tuple`)
    return unknownOperand
  }
  const elements: Expression[] = operands.map(({ expression }) => expression)
  const named = node.names === undefined ? {} : { names: node.names }
  const type = { kind: 'tuple' as const, elements: elements.map((element) => element.type), ...named }
  return pure({ op: 'tuple', type, elements })
}
