import { unreachable } from '../../bytes/assert.js'
import type { StatementNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { lowerAssignment, lowerDeclaration } from './lower-assignment.js'
import { lowerExpression } from './lower-expression.js'
import { lowerForMap, lowerForRange, lowerUnroll, lowerWhile } from './lower-loop.js'

export function lowerStatements(nodes: readonly StatementNode[], context: HandlerContext): void {
  for (const node of nodes) context.within(node.span, () => lowerStatement(node, context), undefined)
}

function lowerStatement(node: StatementNode, context: HandlerContext): void {
  switch (node.kind) {
    case 'expression':
    case 'discard':
      lowerExpression(node.value, context)
      return
    case 'assign':
      lowerAssignment(node, context)
      return
    case 'declare':
      lowerDeclaration(node, context)
      return
    case 'if':
      lowerIf(node, context)
      return
    case 'while':
      lowerWhile(node, context)
      return
    case 'for-map':
      lowerForMap(node, context)
      return
    case 'for-range':
      lowerForRange(node, context)
      return
    case 'unroll':
      lowerUnroll(node, context)
      return
    case 'jump':
      lowerJump(node, context)
      return
    case 'return':
      lowerReturn(node, context)
      return
    default:
      unreachable(node)
      return
  }
}

function lowerIf(node: StatementNode & { kind: 'if' }, context: HandlerContext): void {
  const condition = context.condition(lowerExpression(node.condition, context), node.condition.span)
  const [then, otherwise] = [node.consequent, node.alternative].map((body) =>
    context.builder.collect(() => context.inScope(() => lowerStatements(body, context))),
  )
  context.builder.emit({
    op: 'if',
    condition,
    consequent: then?.statements ?? [],
    alternative: otherwise?.statements ?? [],
  })
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
