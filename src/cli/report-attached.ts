import { attachedText, refusedLines, refusedSummary, servedLines } from '../outputs/text/attached-text.js'
import type { Attached } from '../session/session-types.js'
import type { Messages } from './messages.js'

/** Tells people what became of the probes. */
export function reportAttached(attached: Attached, messages: Messages): void {
  messages.note(attachedText(attached))
  for (const line of servedLines(attached)) messages.detail(line)
  const summary = refusedSummary(attached)
  if (summary === undefined) return
  messages.note(messages.volume.verbose ? summary : `${summary} (-v lists them)`)
  for (const line of refusedLines(attached.refused)) messages.detail(line)
}
