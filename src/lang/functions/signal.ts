import { uint32 } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { constantInteger, type Operand, typedConstant, unknownOperand, voidOperand } from '../analysis/operand.js'
import { signalNumbers } from '../signal-numbers.js'
import type { CallNode } from '../syntax/ast.js'
import { lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

export const signal: FunctionEntry = sending('signal', 'process')
export const signalThread: FunctionEntry = sending('signal_thread', 'thread')

/** Sends a signal to the target. */
function sending(name: string, to: 'process' | 'thread'): FunctionEntry {
  return {
    name,
    signature: `void ${name}(const string sig|uint32 signum)`,
    arguments: [1, 1],
    unsafe: true,
    lower(call, context) {
      const [given] = lowerArguments(call, context) ?? []
      const number = given && signalNumber(given, call, context)
      if (number === undefined || number.unknown) return unknownOperand
      context.builder.emit({ op: 'send-signal', signal: number.expression, to })
      return voidOperand
    },
  }
}

function signalNumber(given: Operand, call: CallNode, context: HandlerContext): Operand {
  if (typeof given.constant === 'string') {
    const number = signalNumbers.get(given.constant.replace(/^(?:SIG)?/, 'SIG'))
    if (number !== undefined) return typedConstant(BigInt(number), uint32)
    context.error(call.span, `${given.constant} is not a valid signal`)
    return unknownOperand
  }
  if (given.type.kind !== 'integer') return refuseArgument(call, given, 'integers and literal strings', context)
  const known = constantInteger(given)
  if (known === undefined || (known >= 1n && known <= 64n)) return given
  context.error(call.span, `${known} is not a valid signal, allowed range: [1,64]`)
  return unknownOperand
}
