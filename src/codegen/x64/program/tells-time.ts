import type { Program } from '../../../ir/program.js'
import type { Statement } from '../../../ir/statement.js'
import { hasStatement } from '../../../ir/walk-statement.js'

/** Whether a handler asks what time it is. */
export function tellsTime({ handlers, maps }: Program): boolean {
  return handlers.some(({ body }) => hasStatement(body, (statement) => isTime(statement, maps)))
}

function isTime(statement: Statement, maps: Program['maps']): boolean {
  if (statement.op === 'map-aggregate') return maps[statement.map]?.value.kind === 'tseries'
  if (statement.op === 'note-call') return statement.clock !== undefined
  return statement.op === 'sample' && (statement.source.kind === 'clock' || statement.source.kind === 'elapsed')
}
