import { integerOperand, voidOperand } from '../analysis/operand.js'
import { addEvent } from '../analysis/program-tables.js'
import { lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** Ends the handler at once, and the program soon. */
export const exit: FunctionEntry = {
  name: 'exit',
  signature: 'void exit([int code])',
  arguments: [0, 1],
  lower(call, context) {
    const [code = integerOperand(0n)] = lowerArguments(call, context) ?? []
    if (code.type.kind !== 'integer') return refuseArgument(call, code, 'integer arguments', context)
    context.builder.emit({ op: 'emit', event: addEvent(context.tables, { kind: 'exit' }), values: [code.expression] })
    context.builder.emit({ op: 'return' })
    return voidOperand
  },
}
