import type { ReturnsReport } from './returns-run.js'
import { formatNs, formatTable } from './table.js'

/** Nanoseconds that returns add to a call, and what that is beside the others. */
export function returnsTable({ rows, ratios, unprobedNs }: ReturnsReport): string {
  const costs = rows.map(({ name, addedNs, unavailable, what }) => [
    name,
    addedNs === undefined ? '–' : formatNs(addedNs),
    unavailable ?? what,
  ])
  const compared = ratios.map(({ name, ratio, goal }) => [name, ratio?.toFixed(ratio < 10 ? 2 : 0) ?? '–', goal])
  return [
    formatTable(
      ['returns of a function', 'ns added', 'what'],
      [['unprobed', formatNs(unprobedNs), 'the call itself'], ...costs],
    ),
    formatTable(['compared', 'ratio', 'goal'], compared),
  ].join('\n\n')
}
