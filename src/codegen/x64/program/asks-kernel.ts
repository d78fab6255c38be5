import type { Handler } from '../../../ir/program.js'
import type { Statement } from '../../../ir/statement.js'
import { innerStatements } from '../../../store/warning-places.js'
import { contains, operandsOf } from './walk-expression.js'

/** Whether the machine code of a handler may make system calls: gettid, prctl, kill, tgkill. */
export function asksKernel({ body }: Handler): boolean {
  return body.some(statementAsks)
}

function statementAsks(statement: Statement): boolean {
  if (statement.op === 'send-signal') return true
  const reads = operandsOf(statement).some((operand) =>
    contains(operand, (part) => part.op === 'input' && (part.input.kind === 'comm' || part.input.kind === 'tid')),
  )
  return reads || innerStatements(statement).some(statementAsks)
}
