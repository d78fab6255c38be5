import { type LatencyBucket, type LatencyRecord, powersOfTwo } from '../../record/latency-record.js'
import type { TableStyle } from './count-text.js'
import { duration, quantity } from './quantity.js'
import { printable, styled } from './terminal-text.js'

const BAR_WIDTH = 50

/** A paragraph for each function, or thread of one: figures in one line, and a picture of all calls. */
export function latencyText(records: readonly LatencyRecord[], style: TableStyle): string {
  if (records.length === 0) return 'no calls have returned\n'
  return records.map((record) => paragraph(record, style)).join('\n')
}

function paragraph(record: LatencyRecord, { colour, nameOf }: TableStyle): string {
  const { site, tid, calls, minNs, averageNs, p50Ns, p99Ns, maxNs, buckets } = record
  const thread = tid === undefined ? '' : ` in thread ${tid}`
  const figures = [
    quantity(calls, 'call'),
    ...Object.entries({ min: minNs, avg: averageNs, p50: p50Ns, p99: p99Ns, max: maxNs }).map(
      ([name, ns]) => `${name} ${duration(ns)}`,
    ),
  ]
  const title = styled('bold', `${printable(nameOf(site))}${thread}`, colour)
  return [title, `  ${figures.join(' · ')}`, ...picture(powersOfTwo(buckets)), ''].join('\n')
}

function picture(buckets: readonly LatencyBucket[]): string[] {
  const most = Math.max(...buckets.map(({ calls }) => calls))
  return buckets.map(({ fromNs, toNs, calls }) => {
    const bar = '█'.repeat(Math.round((calls / most) * BAR_WIDTH))
    return `  ${duration(fromNs).padStart(8)} … ${duration(toNs).padEnd(8)} ${String(calls).padStart(9)} ${bar}`.trimEnd()
  })
}
