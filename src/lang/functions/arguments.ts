import { typeText } from '../../ir/type-text.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { lowerExpression } from '../analysis/lower-expression.js'
import { lowerInOrder } from '../analysis/lower-in-order.js'
import { type Operand, unknownOperand } from '../analysis/operand.js'
import type { CallNode, MapNode } from '../syntax/ast.js'

/** All arguments, from left to right; `undefined` if one of them has had a message. */
export function lowerArguments(call: CallNode, context: HandlerContext): Operand[] | undefined {
  const operands = lowerInOrder(call.arguments, context)
  return operands.some(({ unknown }) => unknown) ? undefined : operands
}

/** The value of an argument that must be a literal string. */
export function literalString(call: CallNode, at: number, context: HandlerContext): string | undefined {
  const node = call.arguments[at]
  if (node === undefined) return undefined
  const { constant } = lowerExpression(node, context)
  if (typeof constant === 'string') return constant
  context.error(call.span, `${call.name}() expects a string literal`)
  return undefined
}

/** An argument that is a map as a whole. */
export function mapArgument(call: CallNode, at: number, context: HandlerContext): MapNode | undefined {
  const node = call.arguments[at]
  if (node?.kind === 'map' && node.key === undefined) return node
  context.error(
    node?.span ?? call.span,
    `${call.name}() expects a map to be provided`,
    node?.kind === 'map' ? `without its key: ${call.name}(${node.name})` : undefined,
  )
  return undefined
}

export function refuseArgument(call: CallNode, operand: Operand, wanted: string, context: HandlerContext): Operand {
  context.error(call.span, `${call.name}() only supports ${wanted} (${typeText(operand.type)} provided)`)
  return unknownOperand
}
