import type { Expression } from '../../ir/expression.js'
import type { Statement } from '../../ir/statement.js'
import { boolType, int64, isAggregate } from '../../ir/value-type.js'
import type { StatementNode, VariableNode } from '../syntax/ast.js'
import { aggregateValue } from './aggregate-value.js'
import type { HandlerContext, Variable } from './handler-context.js'
import type { OpenType } from './join-types.js'
import { lowerExpression } from './lower-expression.js'
import { lowerInOrder } from './lower-in-order.js'
import { lowerStatements } from './lower-statement.js'
import { constantInteger } from './operand.js'
import { mapIndex } from './program-tables.js'

/** bpftrace's bound of `unroll`. */
const MAX_UNROLL = 100n

export function lowerWhile(node: StatementNode & { kind: 'while' }, context: HandlerContext): void {
  const body = collectBody(context, () => {
    const condition = context.condition(lowerExpression(node.condition, context), node.condition.span)
    leaveUnless(condition, context)
    lowerStatements(node.body, context)
  })
  context.builder.emit({ op: 'loop', body, step: [], span: node.span })
}

/** The bounds are evaluated once, and the loop counts in a local of its own. */
export function lowerForRange(node: StatementNode & { kind: 'for-range' }, context: HandlerContext): void {
  const { builder } = context
  const bounds = lowerInOrder([node.from, node.to], context)
  if (bounds.some(({ type, unknown }) => !unknown && type.kind !== 'integer')) {
    context.error(node.span, 'the bounds of a range are integers')
    return
  }
  const [from, to] = bounds.map((bound) => builder.keep(context.coerce(bound, int64, node.span)))
  if (from === undefined || to === undefined || from.op !== 'local') return
  const { local } = from
  const body = collectBody(context, () => {
    leaveUnless({ op: 'is-below-signed', type: boolType, left: from, right: to }, context)
    const variable = declareLoopVariable(node.variable, { type: int64 }, context)
    if (variable !== undefined) builder.emit({ op: 'set', local: variable.local, value: from })
    lowerStatements(node.body, context)
  })
  const one: Expression = { op: 'constant', type: int64, value: 1n }
  const step: Statement = { op: 'set', local, value: { op: 'add', type: int64, left: from, right: one } }
  builder.emit({ op: 'loop', body, step: [step], span: node.span })
}

export function lowerForMap(node: StatementNode & { kind: 'for-map' }, context: HandlerContext): void {
  const { name, key: indexed, span } = node.map
  const facts = context.environment.map(name)
  const [key, value] = [facts.key?.type, facts.value?.type]
  if (indexed !== undefined) context.error(span, `for goes through a whole map: for (${node.variable.name} : ${name})`)
  if (facts.keyed === false)
    context.error(span, `Map ${name} has no explicit keys (scalar map), and cannot be used for iteration`)
  if (value === undefined) context.error(span, `Undefined map: ${name}`)
  const shown = value !== undefined && isAggregate(value) ? aggregateValue(value) : value
  if (value !== undefined && shown === undefined)
    context.error(span, `Loop expression does not support type: ${value.kind}_t`)
  const isKnown = key !== undefined && shown !== undefined
  const type = isKnown ? { kind: 'tuple' as const, elements: [key, shown] } : undefined
  const map = mapIndex(context.tables, name)
  let local = 0
  const body = collectBody(context, () => {
    local = declareLoopVariable(node.variable, type && { type }, context)?.local ?? 0
    lowerStatements(node.body, context)
  })
  if (isKnown) context.builder.emit({ op: 'for-each', map, local, body, span: node.span })
}

export function lowerUnroll(node: StatementNode & { kind: 'unroll' }, context: HandlerContext): void {
  const count = constantInteger(lowerExpression(node.count, context))
  if (count === undefined) context.error(node.span, 'unroll needs a literal, or a parameter that is a number')
  else if (count > MAX_UNROLL) context.error(node.span, `unroll maximum value is ${MAX_UNROLL}`)
  else if (count < 1n) context.error(node.span, 'unroll minimum value is 1')
  const turns = count === undefined || count > MAX_UNROLL ? 1n : count
  for (let turn = 0n; turn < turns && !context.isExhausted; turn++)
    context.inScope(() => lowerStatements(node.body, context))
}

function collectBody(context: HandlerContext, build: () => void): Statement[] {
  context.loopDepth++
  const { statements } = context.builder.collect(() => context.inScope(build))
  context.loopDepth--
  return statements
}

function leaveUnless(condition: Expression, { builder }: HandlerContext): void {
  if (condition.op === 'constant' && condition.value !== 0n) return
  builder.emit({ op: 'if', condition, consequent: [], alternative: [{ op: 'break' }] })
}

function declareLoopVariable(
  node: VariableNode,
  type: OpenType | undefined,
  context: HandlerContext,
): Variable | undefined {
  if (context.variable(node.name) !== undefined) {
    context.error(node.span, `Loop declaration shadows existing variable: ${node.name}`)
    return undefined
  }
  return context.declare(node.name, (id) => {
    if (type !== undefined) context.environment.joinVariable(id, type)
  })
}
