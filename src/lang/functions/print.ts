import { typeText } from '../../ir/type-text.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { lowerExpression } from '../analysis/lower-expression.js'
import { wholeMap } from '../analysis/lower-map.js'
import { constantInteger, type Operand, unknownOperand, voidOperand } from '../analysis/operand.js'
import { addEvent } from '../analysis/program-tables.js'
import type { CallNode, MapNode } from '../syntax/ast.js'
import type { FunctionEntry } from './function-entry.js'

/** Maps are printed as they are when the tracer gets to it, other values as they are now. */
export const print: FunctionEntry = {
  name: 'print',
  signature: 'void print(T value), void print(@map[, uint64 top[, uint64 div]])',
  arguments: [1, 3],
  lower(call, context) {
    const [node] = call.arguments
    if (node?.kind === 'map' && node.key === undefined) return printMap(node, call, context)
    if (call.arguments.length === 1) return printValue(call, context)
    context.error(call.span, 'print() takes top and div for maps only')
    return unknownOperand
  },
}

function printMap(node: MapNode, call: CallNode, context: HandlerContext): Operand {
  const map = wholeMap(node, context)
  const top = optionalLiteral(call, 1, 'top', context)
  const div = optionalLiteral(call, 2, 'div', context)
  if (map === undefined || top === undefined || div === undefined) return unknownOperand
  const event = addEvent(context.tables, { kind: 'print-map', map, top: Number(top), div: div === 0n ? 1n : div })
  context.builder.emit({ op: 'emit', event, values: [] })
  return voidOperand
}

function optionalLiteral(call: CallNode, at: number, name: string, context: HandlerContext): bigint | undefined {
  const node = call.arguments[at]
  const value = node === undefined ? 0n : constantInteger(lowerExpression(node, context))
  if (value !== undefined && value >= 0n && value < 1n << 32n) return value
  context.error(call.span, `print: invalid ${name} value (must be non-negative literal)`)
  return undefined
}

function printValue(call: CallNode, context: HandlerContext): Operand {
  const [node] = call.arguments
  const operand = node === undefined ? unknownOperand : lowerExpression(node, context)
  if (operand.unknown) return unknownOperand
  if (operand.type.kind === 'void') {
    context.error(call.span, `${typeText(operand.type)} type passed to print() is not printable`)
    return unknownOperand
  }
  const value = context.value(operand, call.span)
  const event = addEvent(context.tables, { kind: 'print-value', types: [value.type] })
  context.builder.emit({ op: 'emit', event, values: [value] })
  return voidOperand
}
