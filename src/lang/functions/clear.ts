import { isAggregate } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { wholeMap } from '../analysis/lower-map.js'
import { type Operand, unknownOperand, voidOperand } from '../analysis/operand.js'
import { addEvent } from '../analysis/program-tables.js'
import type { CallNode } from '../syntax/ast.js'
import { mapArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** The tracer empties the map when it gets to it. */
export const clear: FunctionEntry = {
  name: 'clear',
  signature: 'void clear(map m)',
  arguments: [1, 1],
  lower: (call, context) => lowerEmptying('clear', call, context),
}

/** The keys stay, their values become 0. */
export const zero: FunctionEntry = {
  name: 'zero',
  signature: 'void zero(map m)',
  arguments: [1, 1],
  lower: (call, context) => lowerEmptying('zero', call, context),
}

function lowerEmptying(kind: 'clear' | 'zero', call: CallNode, context: HandlerContext): Operand {
  const node = mapArgument(call, 0, context)
  const map = node && wholeMap(node, context)
  if (map === undefined || node === undefined) return unknownOperand
  const type = context.environment.map(node.name).value?.type
  if (kind === 'zero' && type !== undefined && type.kind !== 'integer' && !isAggregate(type))
    context.error(
      call.span,
      `zero() expects a map of integers or aggregates (${type.kind} provided)`,
      `clear(${node.name})`,
    )
  context.builder.emit({ op: 'emit', event: addEvent(context.tables, { kind, map }), values: [] })
  return voidOperand
}
