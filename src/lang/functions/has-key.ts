import { boolType } from '../../ir/value-type.js'
import { found, wholeMap } from '../analysis/lower-map.js'
import { unknownOperand } from '../analysis/operand.js'
import { mapArgument } from './arguments.js'
import { placeOfKey } from './delete.js'
import type { FunctionEntry } from './function-entry.js'

export const hasKey: FunctionEntry = {
  name: 'has_key',
  signature: 'bool has_key(map m, mapkey k)',
  arguments: [2, 2],
  lower(call, context) {
    const map = mapArgument(call, 0, context)
    const place = map && placeOfKey(map, call, context)
    if (map === undefined || wholeMap(map, context) === undefined || place?.key === undefined) return unknownOperand
    const local = context.builder.temporary(boolType)
    context.builder.emit({ op: 'map-has', local, map: place.map, key: place.key })
    return found(local, context)
  },
}
