import { sizeOf } from '../../ir/layout.js'
import { lowerExpression } from '../analysis/lower-expression.js'
import { pure, unknownOperand } from '../analysis/operand.js'
import { refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** Six bytes of memory, shown as `18:C0:4D:08:2E:BB`. */
export const macaddr: FunctionEntry = {
  name: 'macaddr',
  signature: 'macaddr_t macaddr(char [6] mac)',
  arguments: [1, 1],
  lower(call, context) {
    const [node] = call.arguments
    const given = node === undefined ? unknownOperand : lowerExpression(node, context)
    const operand = given.array ?? given
    if (operand.unknown) return unknownOperand
    const { type, place, expression } = operand
    const address = place ?? (type.kind === 'pointer' || type.kind === 'integer' ? expression : undefined)
    if (address === undefined) return refuseArgument(call, operand, 'array or pointer arguments', context)
    if (type.kind === 'array' && sizeOf(type) !== 6) {
      context.error(call.span, 'macaddr() argument must be 6 bytes in size')
      return unknownOperand
    }
    const local = context.builder.temporary({ kind: 'macaddr' })
    context.builder.emit({ op: 'read', local, address, span: call.span })
    return pure(context.builder.read(local))
  },
}
