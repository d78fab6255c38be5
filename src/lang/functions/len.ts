import { int64 } from '../../ir/value-type.js'
import { checkKeyed, wholeMap } from '../analysis/lower-map.js'
import { pure, unknownOperand } from '../analysis/operand.js'
import { mapArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

export const len: FunctionEntry = {
  name: 'len',
  signature: 'int64 len(map m)',
  arguments: [1, 1],
  lower(call, context) {
    const node = mapArgument(call, 0, context)
    const map = node && wholeMap(node, context)
    if (node === undefined || map === undefined || !checkKeyed(node, true, context)) return unknownOperand
    const local = context.builder.temporary(int64)
    context.builder.emit({ op: 'map-length', local, map })
    return pure(context.builder.read(local))
  },
}
