import type { Ring3 } from '../session/api.js'
import { type CatchOptions, catching } from '../session/catch-options.js'
import { checkPatterns } from './check-patterns.js'
import { openDestination, type PrintOptions } from './destination.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'
import type { Messages } from './messages.js'

/** `ring3 explain`. */
export interface ExplainOptions extends PrintOptions, CatchOptions {
  readonly pid: number
}

/** Shows the reasoning about every site of a pattern. Changes nothing in the target. */
export async function runExplain(
  pattern: string,
  options: ExplainOptions,
  engine: Ring3,
  host: Host,
  messages: Messages,
): Promise<Outcome> {
  checkPatterns([pattern])
  using destination = openDestination(options, false, host)
  const setUp = { ...catching(options), onWarning: (sentence: string) => messages.warning(sentence) }
  await using session = await engine.attach(options.pid, setUp)
  const explanations = await session.explain(pattern)
  destination.sink.write(destination.output.explanations(explanations, destination.options))
  return 'done'
}
