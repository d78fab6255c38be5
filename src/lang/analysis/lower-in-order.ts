import type { Expression } from '../../ir/expression.js'
import type { ExpressionNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { lowerExpression } from './lower-expression.js'
import type { Operand } from './operand.js'

/**
 * Lowers expressions from left to right. A value that the statements of a later one could change is kept in a local first, and
 * values in the target's memory are read where they stand.
 */
export function lowerInOrder(nodes: readonly ExpressionNode[], context: HandlerContext): Operand[] {
  const { builder } = context
  const operands: Operand[] = []
  for (const node of nodes) {
    const before = builder.length
    const lowered = lowerExpression(node, context)
    const operand = lowered.place === undefined ? lowered : readNow(lowered, node, context)
    if (builder.length > before) keepEarlier(operands, before, context)
    operands.push(operand)
  }
  return operands
}

function readNow(operand: Operand, node: ExpressionNode, context: HandlerContext): Operand {
  return { type: operand.type, expression: context.value(operand, node.span) }
}

/** Values of earlier operands that may change are copied before the statements of this one. */
function keepEarlier(operands: Operand[], before: number, { builder }: HandlerContext): void {
  let at = before
  for (const [index, operand] of operands.entries()) {
    if (!mentionsVariable(operand.expression, builder.locals)) continue
    const local = builder.temporary(operand.type)
    builder.insert(at++, { op: 'set', local, value: operand.expression })
    operands[index] = { ...operand, expression: builder.read(local) }
  }
}

/** Whether a value depends on a variable of the script: locals of the compiler are set once. */
function mentionsVariable(value: Expression, locals: readonly { readonly name: string }[]): boolean {
  const inside = (part: Expression): boolean => mentionsVariable(part, locals)
  switch (value.op) {
    case 'constant':
    case 'block':
    case 'input':
      return false
    case 'local':
      return locals[value.local]?.name.startsWith('$') === true
    case 'not':
    case 'negate':
    case 'complement':
    case 'convert':
    case 'resize':
      return inside(value.value)
    case 'choose':
      return inside(value.condition) || inside(value.consequent) || inside(value.alternative)
    case 'tuple':
      return value.elements.some(inside)
    case 'extract':
      return inside(value.block)
    case 'call':
      return value.arguments.some(inside)
    default:
      return inside(value.left) || inside(value.right)
  }
}
