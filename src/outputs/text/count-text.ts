import type { CountRow, CountTable } from '../../record/counts-record.js'
import type { OutputOptions } from '../../record/output.js'
import { clock, duration, grouped, percent, quantity } from './quantity.js'
import { fitted, printable, styled } from './terminal-text.js'

/** How a table is to look. */
export type TableStyle = Pick<OutputOptions, 'colour' | 'nameOf'>

/** The part of a terminal that a live table may use. */
export interface Screen {
  readonly columns: number
  readonly rows: number
}

/** Title, heading and the line that says how many functions do not fit. */
const LIVE_EXTRA_LINES = 4

/** A whole table, for a pipe, a file or the end of a count. */
export function countText(table: CountTable, style: TableStyle): string {
  if (table.rows.length === 0) return `no calls in ${duration(table.elapsedMs * 1e6)}\n`
  const lines = tableLines(table.rows, Number.POSITIVE_INFINITY, style)
  return [...lines, '', `${totals(table)} in ${duration(table.elapsedMs * 1e6)}`, ''].join('\n')
}

/** The lines of a live table: the most-called functions that fit the screen. */
export function liveCountLines(table: CountTable, title: string, screen: Screen, style: TableStyle): string[] {
  const shown = table.rows.slice(0, Math.max(1, screen.rows - LIVE_EXTRA_LINES))
  const hidden = table.rows.length - shown.length
  const status = `${title} · ${clock(table.elapsedMs)} · ${totals(table)} · Ctrl-C ends`
  return [
    styled('dim', fitted(status, screen.columns), style.colour),
    ...tableLines(shown, screen.columns, style),
    ...(hidden > 0 ? [styled('dim', `  … and ${quantity(hidden, 'more function')}`, style.colour)] : []),
  ]
}

function totals(table: CountTable): string {
  return `${quantity(table.calls, 'call')} of ${quantity(table.rows.length, 'function')}`
}

function tableLines(rows: readonly CountRow[], columns: number, style: TableStyle): string[] {
  const widths = {
    calls: width(['calls', ...rows.map((row) => grouped(row.calls))]),
    rate: width(['calls/s', ...rows.map((row) => rate(row.callsPerSecond))]),
    share: '100.0 %'.length,
  }
  const row = (calls: string, perSecond: string, share: string, site: string): string =>
    fitted(
      `${calls.padStart(widths.calls)}  ${perSecond.padStart(widths.rate)}  ${share.padStart(widths.share)}  ${site}`,
      columns,
    )
  const heading = row('calls', 'calls/s', 'share', 'function')
  return [
    styled('bold', heading, style.colour),
    ...rows.map((r) =>
      row(grouped(r.calls), rate(r.callsPerSecond), percent(r.share), printable(style.nameOf(r.site))),
    ),
  ]
}

/** Rare calls keep a decimal, so that one call in ten seconds does not look like none. */
function rate(callsPerSecond: number): string {
  return callsPerSecond > 0 && callsPerSecond < 10 ? callsPerSecond.toFixed(1) : grouped(Math.round(callsPerSecond))
}

function width(texts: readonly string[]): number {
  return texts.reduce((widest, text) => Math.max(widest, text.length), 0)
}
