import { pointerTo, uint64 } from '../../ir/value-type.js'
import { pure, unknownOperand } from '../analysis/operand.js'
import { literalString } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** The address of a symbol of the probed module. */
export const uaddr: FunctionEntry = {
  name: 'uaddr',
  signature: 'uint64 * uaddr(const string sym)',
  arguments: [1, 1],
  lower(call, context) {
    const name = literalString(call, 0, context)
    if (name === undefined) return unknownOperand
    const isTraced = context.probes.every(({ kind }) => kind === 'uprobe' || kind === 'uretprobe')
    if (!isTraced) context.error(call.span, 'uaddr can only be used with u(ret)probes')
    return pure({ op: 'input', type: pointerTo(uint64), input: { kind: 'symbol-address', name } })
  },
}
