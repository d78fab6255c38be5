import type { AttachReport, AttachRow, Times } from './attach-run.js'
import { formatMs, formatTable } from './table.js'

function cell({ lower, median, upper }: Times): string {
  return `${formatMs(median)} (${formatMs(lower)} to ${formatMs(upper)})`
}

function row({ target, threads, asked, probes, refused, stoppedMs, setupMs, startedMs }: AttachRow): readonly string[] {
  const times = [stoppedMs, setupMs, startedMs].map(cell)
  return [target, String(threads), String(probes), String(refused), ...times, asked]
}

/** Milliseconds: median and quartiles. */
export function attachTable({ rows, unavailable }: AttachReport): string {
  const head = ['target', 'threads', 'probes', 'refused', 'ms stopped', 'ms set-up', 'ms from the command', 'asked for']
  return [formatTable(head, rows.map(row)), ...unavailable].join('\n')
}
