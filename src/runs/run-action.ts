import type { RunWarning } from '../codegen/interpreter/effect.js'
import type { EventAction } from '../record/event-action.js'

/** What is left to do outside of the tracer, in order. */
export type RunAction =
  | Exclude<EventAction, { kind: 'clear' } | { kind: 'zero' }>
  | { readonly kind: 'warning'; readonly warning: RunWarning }

/** Takes what a running program wants done. */
export type RunSink = (action: RunAction) => void
