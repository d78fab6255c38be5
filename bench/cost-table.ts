import type { CostFigures, CostReport, CostRow } from './cost-run.js'
import { formatNs, formatTable } from './table.js'

/** Median and quartiles. */
export function costCell(figures: CostFigures | undefined): string {
  if (figures === undefined) return '–'
  return `${formatNs(figures.medianNs)} (${formatNs(figures.lowerNs)} to ${formatNs(figures.upperNs)})`
}

function row({ name, what, unavailable, oneThread, twoThreads }: CostRow): readonly string[] {
  if (unavailable !== undefined) return [name, '', '', unavailable]
  return [name, costCell(oneThread), costCell(twoThreads), what]
}

/** Nanoseconds that a hit adds: median and quartiles. */
export function costTable({ rows }: CostReport): string {
  return formatTable(['counted by', 'ns added, 1 thread', 'ns added, 2 threads', 'what'], rows.map(row))
}
