import { unreachable } from '../../bytes/assert.js'
import type { StatementNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { lowerAssignment, lowerDeclaration } from './lower-assignment.js'
import { lowerExpression } from './lower-expression.js'
import { lowerForMap, lowerForRange, lowerUnroll, lowerWhile } from './lower-loop.js'

export function lowerStatements(nodes: readonly StatementNode[], context: HandlerContext): void {
  for (const node of nodes) lowerStatement(node, context)
}

function lowerStatement(node: StatementNode, context: HandlerContext): void {
  switch (node.kind) {
    case 'expression':
    case 'discard':
      lowerExpression(node.value, context)
      return
    case 'assign':
      return lowerAssignment(node, context)
    case 'declare':
      return lowerDeclaration(node, context)
    case 'if':
      return lowerIf(node, context)
    case 'while':
      return lowerWhile(node, context)
    case 'for-map':
      return lowerForMap(node, context)
    case 'for-range':
      return lowerForRange(node, context)
    case 'unroll':
      return lowerUnroll(node, context)
    case 'jump':
      return lowerJump(node, context)
    case 'return':
      return lowerReturn(node, context)
    default:
      return unreachable(node)
  }
}

function lowerIf(node: StatementNode & { kind: 'if' }, context: HandlerContext): void {
  const condition = context.condition(lowerExpression(node.condition, context), node.condition.span)
  const [then, otherwise] = [node.consequent, node.alternative].map((body) =>
    context.builder.collect(() => context.inScope(() => lowerStatements(body, context))),
  )
  context.builder.emit({ op: 'if', condition, consequent: then?.statements ?? [], alternative: otherwise?.statements ?? [] })
}

function lowerJump({ to, span }: StatementNode & { kind: 'jump' }, context: HandlerContext): void {
  if (context.loopDepth === 0) context.error(span, `${to} used outside of a loop`)
  context.builder.emit({ op: to })
}

function lowerReturn({ value, span }: StatementNode & { kind: 'return' }, context: HandlerContext): void {
  if (value !== undefined) {
    const { type, unknown } = lowerExpression(value, context)
    if (!unknown && type.kind !== 'integer') context.error(span, 'probes return integers or nothing')
  }
  context.builder.emit({ op: 'return' })
}
