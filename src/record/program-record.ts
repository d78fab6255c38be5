import type { DataValue } from './data-value.js'
import type { MapRecord } from './map-record.js'

/** Numbers for whoever began the program: rows of `width`, each with the event’s index before its values. */
export interface RowsRecord {
  readonly kind: 'rows'
  readonly numbers: Float64Array
  readonly width: number
}

/** What a running program has to show. */
export type ProgramRecord =
  | { readonly kind: 'attached'; readonly probes: number }
  | { readonly kind: 'printf' | 'time' | 'cat' | 'join' | 'syscall'; readonly text: string }
  /** What printf has said many times, one after the other: text as UTF-8, and where each ends. */
  | { readonly kind: 'burst'; readonly text: Uint8Array; readonly ends: Uint32Array }
  | { readonly kind: 'value'; readonly value: DataValue }
  | { readonly kind: 'map'; readonly map: MapRecord }
  | RowsRecord
  | { readonly kind: 'lost'; readonly events: bigint }
  /** Between what handlers have said and the maps that are printed at the end. */
  | { readonly kind: 'end' }
