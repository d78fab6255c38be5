import { pure, unknownOperand, voidOperand } from '../analysis/operand.js'
import { addEvent } from '../analysis/program-tables.js'
import { literalString, lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** A clock's nanoseconds, shown as a date. */
export const strftime: FunctionEntry = {
  name: 'strftime',
  signature: 'timestamp strftime(const string fmt, int64 timestamp_ns)',
  arguments: [2, 2],
  lower(call, context) {
    const format = literalString(call, 0, context)
    const [, time] = lowerArguments(call, context) ?? []
    if (format === undefined || time === undefined) return unknownOperand
    if (time.type.kind !== 'integer') return refuseArgument(call, time, 'integer timestamps', context)
    return pure({ op: 'convert', type: { kind: 'timestamp', format }, value: time.expression })
  },
}

/** The time when the tracer gets to it. */
export const time: FunctionEntry = {
  name: 'time',
  signature: 'void time(const string fmt)',
  arguments: [0, 1],
  lower(call, context) {
    const format = call.arguments.length === 0 ? '%H:%M:%S\n' : literalString(call, 0, context)
    if (format === undefined) return unknownOperand
    context.builder.emit({ op: 'emit', event: addEvent(context.tables, { kind: 'time', format }), values: [] })
    return voidOperand
  },
}
