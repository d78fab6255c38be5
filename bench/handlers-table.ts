import type { HandlerCost } from './handlers-run.js'
import { formatNs, formatTable } from './table.js'

export function handlersTable(costs: readonly HandlerCost[]): string {
  const rows = costs.map(({ name, compiledNs, handlerNs, ratio, callRatio, goal }) => [
    name,
    formatNs(compiledNs),
    formatNs(handlerNs),
    ratio?.toFixed(2) ?? '–',
    callRatio.toFixed(2),
    goal,
  ])
  return formatTable(['work', 'gcc -O2', 'handler', 'ratio', 'with the call', 'goal'], rows)
}
