import { pure, unknownOperand } from '../analysis/operand.js'
import { lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** An address, shown as the symbol that it is in. */
export const usym: FunctionEntry = {
  name: 'usym',
  signature: 'usym_t usym(uint64 * addr)',
  arguments: [1, 1],
  lower(call, context) {
    const [address] = lowerArguments(call, context) ?? []
    if (address === undefined) return unknownOperand
    if (address.type.kind !== 'integer' && address.type.kind !== 'pointer')
      return refuseArgument(call, address, 'integers and pointers', context)
    return pure({ op: 'convert', type: { kind: 'usym' }, value: address.expression })
  },
}
