import type { EndReason } from './ending.js'
import type { Outcome } from './exit-code.js'
import type { Messages } from './messages.js'

/** The outcome of a command that was ended before it had anything to show. */
export function endedEarly(reason: EndReason, messages: Messages): Outcome {
  if (reason === 'output-closed') return 'done'
  messages.error(`${reason} came before the probes worked: nothing was counted`)
  return reason
}
