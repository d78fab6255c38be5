import type { Program } from '../../../ir/program.js'
import type { Statement } from '../../../ir/statement.js'
import { innerStatements } from '../../../store/warning-places.js'

/** Whether a handler asks what time it is. */
export function tellsTime({ handlers, maps }: Program): boolean {
  const tells = (statement: Statement): boolean => isTime(statement, maps) || innerStatements(statement).some(tells)
  return handlers.some(({ body }) => body.some(tells))
}

function isTime(statement: Statement, maps: Program['maps']): boolean {
  if (statement.op === 'map-aggregate') return maps[statement.map]?.value.kind === 'tseries'
  return statement.op === 'sample' && (statement.source.kind === 'clock' || statement.source.kind === 'elapsed')
}
