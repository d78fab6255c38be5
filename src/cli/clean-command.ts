import type { Ring3 } from '../session/api.js'
import { openDestination, type PrintOptions } from './destination.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'
import type { Messages } from './messages.js'

/** Removes what a killed ring3 left in a process; fails when something has to stay. */
export async function runClean(
  pid: number,
  options: PrintOptions,
  engine: Ring3,
  host: Host,
  messages: Messages,
): Promise<Outcome> {
  using destination = openDestination(options, false, host)
  const cleaned = await engine.clean(pid)
  destination.sink.write(destination.output.cleaned(cleaned, destination.options))
  for (const sentence of cleaned.remaining) messages.error(sentence)
  return cleaned.remaining.length === 0 ? 'done' : 'failed'
}
