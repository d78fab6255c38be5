import { uint64 } from '../../ir/value-type.js'
import { pure, unknownOperand } from '../analysis/operand.js'
import { lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

export const strlen: FunctionEntry = {
  name: 'strlen',
  signature: 'uint64 strlen(string exp)',
  arguments: [1, 1],
  lower(call, context) {
    const [text] = lowerArguments(call, context) ?? []
    if (text === undefined) return unknownOperand
    if (text.type.kind !== 'string') return refuseArgument(call, text, 'strings', context)
    return pure({ op: 'call', type: uint64, function: 'strlen', arguments: [text.expression] })
  },
}
