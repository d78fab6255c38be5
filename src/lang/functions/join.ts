import { unknownOperand, voidOperand } from '../analysis/operand.js'
import { addEvent } from '../analysis/program-tables.js'
import { literalString, lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** The strings of an array of pointers that ends in NULL, such as argv. */
export const join: FunctionEntry = {
  name: 'join',
  signature: "void join(char *arr[], [char * sep = ' '])",
  arguments: [1, 2],
  lower(call, context) {
    const separator = call.arguments.length === 1 ? ' ' : literalString(call, 1, context)
    const [array] = lowerArguments(call, context) ?? []
    if (separator === undefined || array === undefined) return unknownOperand
    if (array.type.kind !== 'integer' && array.type.kind !== 'pointer')
      return refuseArgument(call, array, 'integers and pointers', context)
    const event = addEvent(context.tables, { kind: 'join', separator })
    context.builder.emit({ op: 'join', event, address: array.expression, span: call.span })
    return voidOperand
  },
}
