import type { Span } from '../../ir/statement.js'
import { typeText } from '../../ir/type-text.js'
import { integer, isAggregate, type ValueType, voidType } from '../../ir/value-type.js'
import { aggregations } from '../functions/aggregations.js'
import type { CallNode, ExpressionNode, MapNode, StatementNode, VariableNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { joinTypes, type OpenType } from './join-types.js'
import { lowerAggregation } from './lower-aggregation.js'
import { combine } from './lower-binary.js'
import { lowerExpression } from './lower-expression.js'
import { lowerMapPlace, type MapPlace } from './lower-map.js'
import { openTarget } from './lower-target.js'
import { type Operand, pure, unknownOperand } from './operand.js'
import { resolveType } from './resolve-type.js'

type AssignNode = StatementNode & { kind: 'assign' }

export function lowerAssignment(node: AssignNode, context: HandlerContext): void {
  const { target, operator, value } = node
  if (operator !== undefined) lowerCompound(node, operator, context)
  else if (isAggregation(value) && target.kind === 'map') lowerAggregation(target, value, context)
  else assignTo(target, lowerExpression(value, context), node.span, context)
}

function isAggregation(value: ExpressionNode): value is CallNode {
  return value.kind === 'call' && aggregations.has(value.name)
}

/** `a += b` is `a = a + b`. */
function lowerCompound(
  { target, value, span }: AssignNode,
  operator: NonNullable<AssignNode['operator']>,
  context: HandlerContext,
): void {
  const { current, store } = openTarget(target, span, context)
  const kept = current.unknown ? current : { ...current, expression: context.builder.keep(current.expression) }
  const added = lowerExpression(value, context)
  const result = combine({ operator, span }, kept, added, context)
  if (result.unknown) return
  // The result is computed in 64 bits; what is assigned to keeps its width.
  const { type } = current
  store(type.kind === 'integer' ? pure({ op: 'convert', type, value: result.expression }) : result)
}

/** Stores a value that is there already. */
export function assignTo(target: VariableNode | MapNode, value: Operand, span: Span, context: HandlerContext): void {
  if (target.kind === 'variable') assignVariable(target, value, span, context)
  else assignMap(target, value, span, context)
}

function assignVariable(target: VariableNode, value: Operand, span: Span, context: HandlerContext): void {
  if (!isAssignable(value, 'scratch variable', span, context)) return
  const learn = (id: string): void => {
    if (value.unknown || context.environment.joinVariable(id, value)) return
    mismatch(target.name, value.type, context.environment.variable(id), 'variable', span, context)
  }
  const existing = context.variable(target.name)
  if (existing !== undefined) learn(existing.id)
  // The value is computed before the variable begins, so `$x = $x` finds none.
  const { local, id } = existing ?? context.declare(target.name, learn)
  const type = context.environment.variable(id)?.type
  if (value.unknown || type === undefined || !joinTypes({ type }, value)) return
  context.builder.emit({ op: 'set', local, value: context.coerce(value, type, span) })
}

function assignMap(target: MapNode, value: Operand, span: Span, context: HandlerContext): void {
  const stored = value.place === undefined ? value : pure(context.value(value, span))
  storeInMap(target.name, lowerMapPlace(target, context), stored, span, context)
}

/** Stores a value at a place of a map that is there already; learns the map's type from it. */
export function storeInMap(
  name: string,
  place: MapPlace | undefined,
  value: Operand,
  span: Span,
  context: HandlerContext,
): void {
  if (!isAssignable(value, 'map', span, context) || value.unknown) return
  const facts = context.environment.map(name)
  const learned = mapValueType(value)
  if (!context.environment.joinMapValue(facts, learned)) {
    mismatch(name, value.type, facts.value, 'map', span, context)
    return
  }
  const type = facts.value?.type ?? learned.type
  if (place === undefined || isAggregate(type)) return
  context.builder.emit({ op: 'map-store', ...place, value: context.coerce(value, type, span), span })
}

/** Maps hold integers in 64 bits. */
function mapValueType({ type, literal }: Operand): OpenType {
  if (type.kind !== 'integer' || type.enumName !== undefined) return { type, ...(literal && { literal }) }
  return { type: integer(64, type.signed), ...(literal && { literal }) }
}

function isAssignable({ type, unknown }: Operand, what: string, span: Span, context: HandlerContext): boolean {
  if (unknown || (type.kind !== 'void' && !isAggregate(type))) return true
  context.error(span, `Value '${typeText(type)}' cannot be assigned to a ${what}.`)
  return false
}

function mismatch(
  name: string,
  given: ValueType,
  known: OpenType | undefined,
  what: 'map' | 'variable',
  span: Span,
  context: HandlerContext,
): void {
  const have = typeText(known?.type ?? voidType)
  context.error(
    span,
    `Type mismatch for ${name}: trying to assign value of type '${typeText(given)}' when ${what} already contains a value of type '${have}'`,
  )
}

/** `let $x: type = value`. */
export function lowerDeclaration(node: StatementNode & { kind: 'declare' }, context: HandlerContext): void {
  const { variable, type: typeName, value, span } = node
  const given = value === undefined ? unknownOperand : lowerExpression(value, context)
  if (context.variable(variable.name) !== undefined) {
    context.error(variable.span, `Variable ${variable.name} was already declared. Variable shadowing is not allowed.`)
    return
  }
  const type = typeName && resolveType(typeName, context.tables)
  if (typeof type === 'string') context.error(typeName?.span ?? span, type)
  const { local } = context.declare(variable.name, (id) => {
    if (type !== undefined && typeof type !== 'string') context.environment.joinVariable(id, { type })
  })
  if (value !== undefined) assignVariable(variable, given, span, context)
  else if (context.builder.locals[local]?.type.kind !== 'void') context.builder.emit({ op: 'clear', local })
}
