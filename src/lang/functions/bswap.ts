import { integer } from '../../ir/value-type.js'
import { pure, unknownOperand } from '../analysis/operand.js'
import { lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** The bytes of an integer in reverse. */
export const bswap: FunctionEntry = {
  name: 'bswap',
  signature: 'uint64 bswap(uint64 n)',
  arguments: [1, 1],
  lower(call, context) {
    const [value] = lowerArguments(call, context) ?? []
    if (value === undefined) return unknownOperand
    if (value.type.kind !== 'integer') return refuseArgument(call, value, 'integer arguments', context)
    const type = integer(value.type.bits, false)
    return pure({ op: 'call', type, function: 'byte-swap', arguments: [value.expression] })
  },
}
