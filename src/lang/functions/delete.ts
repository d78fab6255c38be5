import { boolType } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { lowerInOrder } from '../analysis/lower-in-order.js'
import { checkKeyed, found, lowerKey, lowerMapPlace, type MapPlace, wholeMap } from '../analysis/lower-map.js'
import { unknownOperand } from '../analysis/operand.js'
import type { CallNode, MapNode } from '../syntax/ast.js'
import type { FunctionEntry } from './function-entry.js'

/** `delete(@x, key)`, `delete(@scalar)`, and the older `delete(@x[key])`. */
export const deleteFunction: FunctionEntry = {
  name: 'delete',
  signature: 'bool delete(map m, mapkey k)',
  arguments: [1, 2],
  lower(call, context) {
    const [map] = call.arguments
    if (map?.kind !== 'map') {
      context.error(map?.span ?? call.span, 'delete() expects a map argument')
      return unknownOperand
    }
    const place = lowerPlace(map, call, context)
    if (wholeMap(map, context) === undefined || place === undefined) return unknownOperand
    const local = context.builder.temporary(boolType)
    context.builder.emit({ op: 'map-delete', local, ...place, span: call.span })
    return found(local, context)
  },
}

function lowerPlace(map: MapNode, call: CallNode, context: HandlerContext): MapPlace | undefined {
  const [, keyNode] = call.arguments
  if (keyNode === undefined) return lowerScalarPlace(map, context)
  if (map.key !== undefined) {
    context.error(map.span, 'delete() expects a map with no keys for the first argument', `delete(${map.name}, key)`)
    return undefined
  }
  return placeOfKey(map, call, context)
}

function lowerScalarPlace(map: MapNode, context: HandlerContext): MapPlace | undefined {
  if (map.key === undefined && context.environment.map(map.name).keyed === true) {
    context.error(
      map.span,
      'call to delete() expects a map without explicit keys (scalar map)',
      `delete(${map.name}, key), or clear(${map.name}) for all`,
    )
    return undefined
  }
  return lowerMapPlace(map, context)
}

/** The place that a map and a key as two arguments name. */
export function placeOfKey(map: MapNode, call: CallNode, context: HandlerContext): MapPlace | undefined {
  const [, keyNode] = call.arguments
  if (keyNode === undefined || !checkKeyed(map, true, context)) return undefined
  const [key = unknownOperand] = lowerInOrder([keyNode], context)
  return lowerKey(map.name, key, keyNode.span, context)
}
