import { unreachable } from '../../bytes/assert.js'
import { bufferText } from '../../record/buffer-text.js'
import { textsOf } from '../../record/burst.js'
import type { Bucket, DataValue, MapValue } from '../../record/data-value.js'
import type { MapRecord } from '../../record/map-record.js'
import type { ProgramRecord } from '../../record/program-record.js'
import { keyText, valueText } from '../../record/value-text.js'

/** What a program says, a JSON object a line, with bpftrace's spaces. Ends in a line feed, or is empty. */
export function programJson(record: ProgramRecord): string {
  switch (record.kind) {
    case 'attached':
      return line('attached_probes', `{"probes": ${record.probes}}`)
    case 'printf':
    case 'time':
    case 'cat':
    case 'join':
    case 'syscall':
      return line(record.kind, stringJson(record.text))
    case 'burst':
      return [...textsOf(record)].map((text) => line('printf', stringJson(text))).join('')
    case 'value':
      return line('value', valueJson(record.value))
    case 'map':
      return mapJson(record.map)
    case 'lost':
      return line('lost_events', `{"events": ${record.events}}`)
    case 'rows':
      // Scripts have none.
      return ''
    case 'end':
      return ''
    default:
      return unreachable(record)
  }
}

function line(type: string, data: string): string {
  return `{"type": "${type}", "data": ${data}}\n`
}

/** bpftrace writes control characters as \u00.., and all else but quotes and backslashes as it is. */
function stringJson(text: string): string {
  return JSON.stringify(text).replace(/\\./g, (pair) =>
    pair === '\\b' ? '\\u0008' : pair === '\\f' ? '\\u000c' : pair,
  )
}

function valueJson(value: DataValue): string {
  switch (value.kind) {
    case 'integer':
      return integerJson(value.value)
    case 'boolean':
      return String(value.value)
    case 'text':
      return stringJson(value.text)
    case 'symbolic':
      return integerJson(value.value)
    case 'bytes':
      return stringJson(bufferText(value.bytes, 'r'))
    case 'array':
    case 'tuple':
      return `[${value.elements.map(valueJson).join(',')}]`
    case 'stack':
      return stringJson(valueText(value))
    case 'record':
      return object(value.fields.map(([name, field]) => [name, valueJson(field)]))
    case 'none':
      return 'null'
    default:
      return unreachable(value)
  }
}

/** As a string where a double would not hold it. */
function integerJson(value: bigint): string {
  return BigInt(Number(value)) === value ? String(value) : `"${value}"`
}

function object(members: readonly (readonly [name: string, json: string])[]): string {
  return `{${members.map(([name, json]) => `${stringJson(name)}: ${json}`).join(', ')}}`
}

function mapJson({ name, kind, keyed, entries }: MapRecord): string {
  const [first] = entries
  if (!keyed && first === undefined) return ''
  const [, only] = first ?? []
  const data =
    keyed || only === undefined
      ? object(entries.map(([key, value]) => [keyText(key).replaceAll(', ', ','), mapValueJson(value)]))
      : mapValueJson(only)
  return line(kind, object([[name, data]]))
}

function mapValueJson(value: MapValue): string {
  switch (value.kind) {
    case 'histogram':
      return `[${value.buckets.map(bucketJson).join(', ')}]`
    case 'average':
      return integerJson(value.value)
    case 'stats':
      return `{"count": ${value.count}, "average": ${value.average}, "total": ${value.total}}`
    case 'series':
      return `[${value.points.map((point) => `{"interval_start": ${point.timeNs}, "value": ${point.value ?? null}}`).join(', ')}]`
    default:
      return valueJson(value)
  }
}

/** Bounds are inclusive. */
function bucketJson({ from, to, count }: Bucket): string {
  const members: [string, string][] = []
  if (from !== undefined) members.push(['min', integerJson(from.value)])
  if (to !== undefined) members.push(['max', integerJson(to.value - 1n)])
  return object([...members, ['count', String(count)]])
}
