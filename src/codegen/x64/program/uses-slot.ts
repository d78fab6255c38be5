import type { Expression } from '../../../ir/expression.js'
import type { Statement } from '../../../ir/statement.js'
import { evaluates } from '../../../ir/walk-statement.js'
import type { MapLayout } from '../../../store/program-layout.js'
import type { HandlerRequest } from './emission.js'

/** Whether a statement itself, not those inside of it, needs the thread's slot. */
export function usesSlot(statement: Statement, request: HandlerRequest): boolean {
  if (evaluates(statement, (part) => needsThread(part, request))) return true
  switch (statement.op) {
    case 'emit':
    case 'join':
      return true
    case 'sample':
      return statement.source.kind === 'random'
    case 'map-aggregate':
      return isOfThreads(request.layout.maps[statement.map])
    default:
      return false
  }
}

/** Whether a statement reads what a slot remembers of its thread. */
export function needsThread(expression: Expression, { constant }: HandlerRequest): boolean {
  if (expression.op !== 'input' || constant(expression.input) !== undefined) return false
  return expression.input.kind === 'comm' || expression.input.kind === 'tid'
}

/** Whether each thread has a part of a map in its slot. */
function isOfThreads(layout: MapLayout | undefined): boolean {
  return layout?.kind === 'thread-aggregate' || layout?.kind === 'thread-rows'
}
