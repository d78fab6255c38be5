import type { Ring3 } from '../session/api.js'
import type { CatchOptions } from '../session/catch-options.js'
import type { LatencyProbes } from '../session/latency.js'
import type { LatencyOptions } from '../session/latency-script.js'
import { checkFunctions } from './check-patterns.js'
import { openDestination, type PrintOptions } from './destination.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'
import type { Messages } from './messages.js'
import { reportAttached } from './report-attached.js'
import { withSession } from './with-session.js'

/** `ring3 latency`. Times in milliseconds. */
export interface LatencyCommandOptions extends PrintOptions, CatchOptions, LatencyOptions {
  readonly pid: number
  readonly duration?: number
}

/** Measures until the end is wished for, the time is up or the target ends; then shows how long calls took. */
export async function runLatency(
  patterns: readonly string[],
  options: LatencyCommandOptions,
  engine: Ring3,
  host: Host,
  messages: Messages,
): Promise<Outcome> {
  checkFunctions(patterns)
  using destination = openDestination(options, false, host)
  return await withSession(
    options,
    destination.sink,
    { engine, host, messages },
    async ({ session, ending, progress }) => {
      const probes = await session.latency(patterns, options.by === undefined ? {} : { by: options.by })
      progress[Symbol.dispose]()
      tell(probes, messages)
      await ending.waitOr(() => probes.run.over !== undefined, LOOK_MS, options.duration)
      destination.sink.write(destination.output.latencies(await probes.remove(), destination.options))
      return 'done'
    },
  )
}

/** How soon it is noticed that the target has ended. */
const LOOK_MS = 200

function tell({ run, attached }: LatencyProbes, messages: Messages): void {
  run.on('message', (text) => messages.script(text))
  run.on('warning', (text) => {
    if (messages.volume.quiet !== true) messages.script(text)
  })
  if (attached !== undefined) reportAttached(attached, messages)
}
