import { sizeOf } from '../../ir/layout.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { constantInteger, integerOperand, type Operand, pure, unknownOperand } from '../analysis/operand.js'
import type { CallNode } from '../syntax/ast.js'
import { lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

const AF_INET = 2n
const AF_INET6 = 10n

/** An IPv4 or IPv6 address, shown as text. */
export const ntop: FunctionEntry = {
  name: 'ntop',
  signature: 'inet ntop([int64 af, ] int|char[4]|char[16] addr)',
  arguments: [1, 2],
  lower(call, context) {
    const operands = lowerArguments(call, context) ?? []
    const address = operands.at(-1)
    if (address === undefined) return unknownOperand
    const size = address.type.kind === 'array' ? sizeOf(address.type) : address.type.kind === 'integer' ? 4 : 0
    if (size !== 4 && size !== 16) return refuseArgument(call, address, 'integers and arrays of 4 or 16 bytes', context)
    const family = operands.length === 2 ? givenFamily(operands[0], call, context) : size === 16 ? 6n : 4n
    if (family === undefined) return unknownOperand
    return pure({
      op: 'call',
      type: { kind: 'inet' },
      function: 'inet',
      arguments: [integerOperand(family).expression, address.expression],
    })
  },
}

function givenFamily(operand: Operand | undefined, call: CallNode, context: HandlerContext): bigint | undefined {
  const value = operand && constantInteger(operand)
  if (value === AF_INET) return 4n
  if (value === AF_INET6) return 6n
  context.error(call.span, 'ntop() expects the literal AF_INET (2) or AF_INET6 (10) as its address family')
  return undefined
}
