import type { Handler } from '../../../ir/program.js'
import type { Statement } from '../../../ir/statement.js'
import { innerStatements } from '../../../store/warning-places.js'

/** Whether a handler asks what time it is. */
export function tellsTime({ body }: Handler): boolean {
  return body.some(statementTells)
}

function statementTells(statement: Statement): boolean {
  const isTime = statement.op === 'sample' && (statement.source.kind === 'clock' || statement.source.kind === 'elapsed')
  return isTime || innerStatements(statement).some(statementTells)
}
