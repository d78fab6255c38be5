import { unreachable } from '../bytes/assert.js'
import type { Event } from '../ir/event.js'
import type { MapSnapshot } from '../store/map-snapshot.js'
import type { DataValue } from './data-value.js'
import type { DecodeContext } from './decode-value.js'
import { decodeLiteral, formatText } from './format-text.js'
import { mapRecord } from './map-record.js'
import type { ProgramRecord } from './program-record.js'

/** What the tracer has to do for an event of a program. */
export type EventAction =
  | { readonly kind: 'show'; readonly record: ProgramRecord }
  /** A message for stderr: `place: WARNING: text`. */
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'clear'; readonly map: number }
  | { readonly kind: 'zero'; readonly map: number }
  /** The file's content is shown, up to the configured number of bytes. */
  | { readonly kind: 'show-file'; readonly path: string }
  | { readonly kind: 'run-command'; readonly command: string }
  /** The time now is shown. */
  | { readonly kind: 'show-time'; readonly format: string }
  | { readonly kind: 'exit'; readonly code: number }

/** The action for an event with its values. `snapshot` reads a map as it is when the tracer gets to the event. */
export function eventAction(
  event: Exclude<Event, { kind: 'row' }>,
  values: readonly DataValue[],
  snapshot: (map: number) => MapSnapshot,
  context: DecodeContext,
): EventAction {
  switch (event.kind) {
    case 'printf':
      return show({ kind: 'printf', text: formatText(event.format, values) })
    case 'cat':
      return { kind: 'show-file', path: formatText(event.format, values) }
    case 'system':
      return { kind: 'run-command', command: formatText(event.format, values) }
    case 'errorf':
    case 'warnf': {
      const label = event.kind === 'errorf' ? 'ERROR' : 'WARNING'
      return { kind: 'message', text: `${event.place}: ${label}: ${formatText(event.format, values)}\n` }
    }
    case 'print-value':
      return show({ kind: 'value', value: values[0] ?? { kind: 'none' } })
    case 'print-map':
      return show({ kind: 'map', map: mapRecord(snapshot(event.map), event, context) })
    case 'clear':
    case 'zero':
      return { kind: event.kind, map: event.map }
    case 'time':
      return { kind: 'show-time', format: decodeLiteral(event.format) }
    case 'join':
      return show({ kind: 'join', text: joinTexts(values, decodeLiteral(event.separator)) })
    case 'exit':
      return { kind: 'exit', code: exitCode(values) }
    default:
      return unreachable(event)
  }
}

function show(record: ProgramRecord): EventAction {
  return { kind: 'show', record }
}

function joinTexts(values: readonly DataValue[], separator: string): string {
  return values.map((value) => (value.kind === 'text' ? value.text : '')).join(separator)
}

/** A shell sees the low eight bits. */
function exitCode([code]: readonly DataValue[]): number {
  return code?.kind === 'integer' ? Number(BigInt.asUintN(8, code.value)) : 0
}
