import { unreachable } from '../../bytes/assert.js'
import type { Bucket, MapValue } from '../../record/data-value.js'
import type { MapRecord } from '../../record/map-record.js'
import type { ProgramRecord } from '../../record/program-record.js'
import { keyText, valueText } from '../../record/value-text.js'
import { seriesText } from './series-text.js'

/** What a program says, as bpftrace 0.24 writes it. */
export function programText(record: ProgramRecord): string {
  switch (record.kind) {
    case 'attached':
      return `Attached ${record.probes} ${record.probes === 1 ? 'probe' : 'probes'}\n`
    case 'printf':
    case 'time':
    case 'cat':
    case 'syscall':
      return record.text
    case 'burst':
      return Buffer.from(record.text.buffer, record.text.byteOffset, record.text.byteLength).toString('utf8')
    case 'join':
      return `${record.text}\n`
    case 'value':
      return `${valueText(record.value)}\n`
    case 'map':
      return mapText(record.map)
    case 'lost':
      return `Lost ${record.events} events\n`
    case 'rows':
      // Scripts have none.
      return ''
    case 'end':
      return '\n\n'
    default:
      return unreachable(record)
  }
}

function mapText({ name, keyed, entries }: MapRecord): string {
  return entries
    .map(([key, value]) => (keyed ? `${name}[${keyText(key)}]:` : `${name}:`) + mapValueText(value))
    .join('')
}

/** Values of one line stand behind their key, pictures below it. */
function mapValueText(value: MapValue): string {
  switch (value.kind) {
    case 'histogram':
      return `\n${histogramText(value.buckets)}\n`
    case 'series':
      return `\n${seriesText(value)}\n`
    case 'average':
      return ` ${value.value}\n`
    case 'stats':
      return ` count ${value.count}, average ${value.average}, total ${value.total}\n`
    default:
      return ` ${valueText(value)}\n`
  }
}

const BAR_WIDTH = 52

function histogramText(buckets: readonly Bucket[]): string {
  const most = buckets.reduce((greatest, { count }) => (count > greatest ? count : greatest), 0n)
  return buckets
    .map((bucket) => {
      const bar = '@'.repeat(barLength(bucket.count, most))
      return `${bucketLabel(bucket).padEnd(16)}${String(bucket.count).padStart(8)} |${bar.padEnd(BAR_WIDTH)}|\n`
    })
    .join('')
}

/** bpftrace computes this in single precision; so a bar may be one shorter than the exact quotient says. */
function barLength(count: bigint, most: bigint): number {
  const share = Math.fround(Math.fround(Number(count)) / Math.fround(Number(most)))
  return most === 0n ? 0 : Math.trunc(Math.fround(share * BAR_WIDTH))
}

function bucketLabel({ from, to, single }: Bucket): string {
  if (from === undefined) return `(..., ${to?.label ?? ''})`
  if (to === undefined) return `[${from.label}, ...)`
  return single ? `[${from.label}]` : `[${from.label}, ${to.label})`
}
