import type { Span } from '../../ir/statement.js'
import type { WarningKind } from '../../store/warning-places.js'
import type { Value } from './value.js'

/** What a handler wants the tracer to do, in order. */
export type Effect =
  /** `event` is an index into the program's events. */
  | { readonly kind: 'event'; readonly event: number; readonly values: readonly Value[] }
  | { readonly kind: 'join'; readonly event: number; readonly texts: readonly Uint8Array[] }
  | { readonly kind: 'signal'; readonly signal: bigint; readonly to: 'process' | 'thread' }

/** Something that went wrong in a handler, which went on with a value that stands for it. */
export interface RunWarning {
  readonly kind: WarningKind
  readonly span: Span
  /** How often it happened during the hit. */
  readonly count: number
}

export interface HitResult {
  readonly effects: readonly Effect[]
  readonly warnings: readonly RunWarning[]
}
