import type { SimpleInput } from '../../../ir/expression.js'
import type { Handler } from '../../../ir/program.js'
import type { Statement } from '../../../ir/statement.js'
import { innerStatements } from '../../../store/warning-places.js'
import { contains, operandsOf } from './walk-expression.js'

/** Whether the machine code of a handler may make system calls: gettid, prctl, getpid, kill, tgkill. */
export function asksKernel(handler: Handler): boolean {
  return readsInput(handler, 'comm') || readsInput(handler, 'tid') || handler.body.some(sendsSignal)
}

export function readsInput({ body }: Handler, kind: SimpleInput): boolean {
  const reads = (statement: Statement): boolean =>
    operandsOf(statement).some((operand) =>
      contains(operand, (part) => part.op === 'input' && part.input.kind === kind),
    ) || innerStatements(statement).some(reads)
  return body.some(reads)
}

function sendsSignal(statement: Statement): boolean {
  return statement.op === 'send-signal' || innerStatements(statement).some(sendsSignal)
}
