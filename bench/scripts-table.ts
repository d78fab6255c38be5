import type { CostReport, CostRow } from './cost-run.js'
import { costCell } from './cost-table.js'
import { formatTable } from './table.js'

/** What nobody can measure with certainty. */
const LEAST_NS = 0.1

/** How often what ring3 adds goes into what this row adds. */
function times({ oneThread }: CostRow, ring3: CostRow | undefined): string {
  if (oneThread === undefined || ring3?.oneThread === undefined) return '–'
  return (oneThread.medianNs / Math.max(ring3.oneThread.medianNs, LEAST_NS)).toFixed(1)
}

/** The row of ring3 that does the same work: `WORK, ring3` for `WORK, bpftrace`, and printf for an event. */
function counterpart({ name }: CostRow, rows: readonly CostRow[]): CostRow | undefined {
  const work = name.startsWith('LTTng') ? 'printf("%d %d")' : name.replace(/, bpftrace$/, '')
  return rows.find((row) => row.name === `${work}, ring3` && row.name !== name)
}

/** Nanoseconds that a hit adds, median and quartiles, and how often what ring3 adds goes into it. */
export function scriptsTable({ rows }: CostReport): string {
  return formatTable(
    ['script', 'ns added', 'times what ring3 adds', 'what'],
    rows.map((row) => {
      if (row.unavailable !== undefined) return [row.name, '', '', row.unavailable]
      const ring3 = counterpart(row, rows)
      return [row.name, costCell(row.oneThread), ring3 === undefined ? '' : times(row, ring3), row.what]
    }),
  )
}
