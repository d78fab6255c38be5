import type { Span } from '../../ir/statement.js'
import { isAggregate } from '../../ir/value-type.js'
import type { MapNode, VariableNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { assignTo, storeInMap } from './lower-assignment.js'
import { lowerExpression } from './lower-expression.js'
import { beginMapValue, loadFrom, lowerMapPlace } from './lower-map.js'
import { integerOperand, type Operand, unknownOperand } from './operand.js'

/** What `x += 1` and `x++` read and then write. A map's key is evaluated once. */
export interface Target {
  readonly current: Operand
  store(value: Operand): void
}

export function openTarget(node: VariableNode | MapNode, span: Span, context: HandlerContext): Target {
  if (node.kind === 'map') return openMap(node, span, context)
  beginVariable(node, context)
  return { current: lowerExpression(node, context), store: (value) => assignTo(node, value, span, context) }
}

/** A variable that is only declared begins as the integer 0. */
function beginVariable({ name }: VariableNode, context: HandlerContext): void {
  const { environment } = context
  const id = context.variable(name)?.id
  if (id !== undefined && environment.variable(id) === undefined) environment.joinVariable(id, integerOperand(0n))
}

function openMap(node: MapNode, span: Span, context: HandlerContext): Target {
  beginMapValue(node, context)
  const place = lowerMapPlace(node, context)
  const type = context.environment.map(node.name).value?.type
  const isWhole = type !== undefined && isAggregate(type)
  if (isWhole) context.error(span, `${node.name} holds what ${type.kind}() makes, which cannot be assigned to`)
  if (place === undefined || type === undefined || isWhole) return { current: unknownOperand, store: () => undefined }
  const kept = { map: place.map, key: place.key && context.builder.keep(place.key) }
  return {
    current: loadFrom(kept, type, node.span, context),
    store: (value) => storeInMap(node.name, kept, value, span, context),
  }
}
