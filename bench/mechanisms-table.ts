import type { CostReport, CostRow } from './cost-run.js'
import { costCell } from './cost-table.js'
import { formatTable } from './table.js'

/** What nobody can measure with certainty. */
const LEAST_NS = 0.1

function times({ oneThread }: CostRow, yardstickNs: number | undefined): string {
  if (oneThread === undefined || yardstickNs === undefined) return '–'
  const ratio = yardstickNs / Math.max(oneThread.medianNs, LEAST_NS)
  if (ratio >= 100) return Number(ratio.toPrecision(2)).toLocaleString('en-US')
  return ratio.toFixed(1)
}

function row(each: CostRow, yardstickNs: number | undefined): readonly string[] {
  const { name, what, unavailable, oneThread } = each
  if (unavailable !== undefined) return [name, '', '', unavailable]
  return [name, costCell(oneThread), name === 'unprobed' ? '' : times(each, yardstickNs), what]
}

/** Nanoseconds that a hit adds, median and quartiles, and how often that goes into what `ltrace -c` adds. */
export function mechanismsTable({ rows }: CostReport): string {
  const yardstickNs = rows.find(({ name }) => name === 'ltrace -c')?.oneThread?.medianNs
  const head = ['counted by', 'ns added', 'times cheaper than ltrace -c', 'what']
  return formatTable(
    head,
    rows.map((each) => row(each, yardstickNs)),
  )
}
