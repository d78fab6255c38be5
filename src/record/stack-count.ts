import type { StackFrame } from './data-value.js'
import type { MapRecord } from './map-record.js'

/** A stack, innermost frame first, and how often it was met. */
export interface StackCount {
  readonly frames: readonly StackFrame[]
  readonly count: bigint
}

/** The entries of a map from stacks to integers. */
export function stackCounts({ entries }: MapRecord): StackCount[] {
  return entries.flatMap(([key, value]) =>
    key.kind === 'stack' && value.kind === 'integer' ? [{ frames: key.frames, count: value.value }] : [],
  )
}
