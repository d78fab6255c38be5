import { pure, unknownOperand } from '../analysis/operand.js'
import { lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

export const strerror: FunctionEntry = {
  name: 'strerror',
  signature: 'string strerror(int error)',
  arguments: [1, 1],
  lower(call, context) {
    const [value] = lowerArguments(call, context) ?? []
    if (value === undefined) return unknownOperand
    if (value.type.kind !== 'integer') return refuseArgument(call, value, 'integer arguments', context)
    return pure({ op: 'convert', type: { kind: 'strerror' }, value: value.expression })
  },
}
