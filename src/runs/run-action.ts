import type { RunWarning } from '../codegen/interpreter/effect.js'
import type { EventAction } from '../record/event-action.js'

/** What is left to do outside of the tracer, in order. */
export type RunAction =
  | Exclude<EventAction, { kind: 'clear' } | { kind: 'zero' }>
  | { readonly kind: 'warning'; readonly warning: RunWarning }
  /** What is to be known of the run, as text of whole lines. */
  | { readonly kind: 'notice'; readonly text: string }

/** Takes what a running program wants done. */
export type RunSink = (action: RunAction) => void

/** Where actions go in the end. What comes faster than it is dealt with is lost there. */
export interface RunReceiver {
  hasRoom(): boolean
  /** Blocks until it has room, or does not get on. */
  waitForRoom(): void
}

/** How many of a handler's actions it is. */
export function weightOf(action: RunAction): number {
  const record = action.kind === 'show' ? action.record : undefined
  if (record?.kind === 'burst') return record.ends.length
  return record?.kind === 'rows' ? record.numbers.length / record.width : 1
}
