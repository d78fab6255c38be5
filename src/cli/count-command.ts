import { countTable } from '../record/counts-record.js'
import type { CountProbes, Ring3, Session } from '../session/api.js'
import type { CatchOptions } from '../session/catch-options.js'
import type { Attached, Snapshot } from '../session/session-types.js'
import { checkPatterns } from './check-patterns.js'
import { canRedraw, type Destination, openDestination, type PrintOptions } from './destination.js'
import { endedEarly } from './ended-early.js'
import type { Ending } from './ending.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'
import { LiveTable } from './live-table.js'
import type { Messages } from './messages.js'
import { reportAttached } from './report-attached.js'
import { withSession } from './with-session.js'

/** `ring3 count`. Times in milliseconds. */
export interface CountOptions extends PrintOptions, CatchOptions {
  readonly pid: number
  readonly duration?: number
  readonly interval?: number
  readonly all?: boolean
}

/** What the parts of a count share. */
interface Count {
  readonly options: CountOptions
  readonly destination: Destination
  readonly ending: Ending
  readonly host: Host
  readonly messages: Messages
}

/** The counts must not be older than this when the target ends, since they are then the last ones. */
const READ_MS = 1000

/** How often a live table is redrawn, and how soon it first appears. */
const DRAW_MS = 1000
const FIRST_DRAW_MS = 250

/** Counts calls until the end is wished for, the time is up or the target ends; always detaches, then prints what it counted. */
export async function runCount(
  patterns: readonly string[],
  options: CountOptions,
  engine: Ring3,
  host: Host,
  messages: Messages,
): Promise<Outcome> {
  checkPatterns(patterns)
  using destination = openDestination(options, options.all === true, host)
  return await withSession(
    options,
    destination.sink,
    { engine, host, messages },
    async ({ session, ending, progress }) => {
      const probes = await session.count(...patterns)
      progress[Symbol.dispose]()
      return countWith(probes, session, { options, destination, ending, host, messages })
    },
  )
}

async function countWith(probes: CountProbes, session: Session, count: Count): Promise<Outcome> {
  const { destination, ending, messages } = count
  if (ending.reason !== undefined) return endedEarly(ending.reason, messages)
  destination.sink.write(destination.output.attached(probes.attached, destination.options))
  if (destination.output.forPeople) reportAttached(probes.attached, messages)
  if (probes.attached.probes === 0) {
    messages.error(noneServed(probes.attached))
    return 'failed'
  }
  const last = await watch(probes, count)
  const { counts, outcome } = last.targetGone
    ? { counts: last, outcome: 'done' as const }
    : await detach(probes, session, last, messages)
  destination.sink.write(destination.output.finalCounts(counts, destination.options))
  if (counts.targetGone)
    messages.note(`process ${session.pid} has ended or called exec; these are the counts that were read last`)
  return outcome
}

/** The first reason stands for all: they are mostly the same. */
function noneServed({ refused: [first, ...others] }: Attached): string {
  if (first === undefined) return 'no function could be probed'
  const more = others.length === 0 ? '' : ` (and ${others.length} more; -v lists them)`
  return `no function could be probed: ${first.site}: ${first.because}${more}`
}

/** Reads the counters until the count ends, and shows them as often as was asked for. Returns the last reading. */
async function watch(probes: CountProbes, count: Count): Promise<Snapshot> {
  const { options, ending } = count
  using display = createDisplay(count)
  const started = performance.now()
  const elapsed = (): number => performance.now() - started
  const end = options.duration ?? Number.POSITIVE_INFINITY
  let nextShow = display.firstAfterMs
  for (;;) {
    await ending.wait(Math.min(READ_MS, nextShow - elapsed(), end - elapsed()))
    const snapshot = await probes.snapshot()
    if (snapshot.targetGone || ending.reason !== undefined || elapsed() >= end) return snapshot
    if (elapsed() < nextShow) continue
    display.show(snapshot)
    nextShow = Math.max(nextShow + display.everyMs, elapsed())
  }
}

/** How counts are shown while the count goes on. */
interface Display extends Disposable {
  readonly firstAfterMs: number
  readonly everyMs: number
  show(now: Snapshot): void
}

/** A live table in a terminal; elsewhere a record every `-i` seconds, if that was given. */
function createDisplay(count: Count): Display {
  return canRedraw(count.destination, count.host) ? liveDisplay(count) : recordDisplay(count)
}

function liveDisplay({ options, destination }: Count): Display {
  const table = new LiveTable(destination.sink, `process ${options.pid}`, destination.options)
  let previous: Snapshot | undefined
  return {
    firstAfterMs: FIRST_DRAW_MS,
    everyMs: options.interval ?? DRAW_MS,
    show(now) {
      table.draw(countTable(now, previous, destination.options.all))
      previous = now
    },
    [Symbol.dispose]: () => table[Symbol.dispose](),
  }
}

function recordDisplay({ options, destination }: Count): Display {
  const { sink, output } = destination
  const everyMs = options.interval ?? Number.POSITIVE_INFINITY
  let previous: Snapshot | undefined
  return {
    firstAfterMs: everyMs,
    everyMs,
    show(now) {
      sink.write(output.interimCounts(now, previous, destination.options))
      previous = now
    },
    [Symbol.dispose]: () => undefined,
  }
}

/** Takes the probes out. Counts that can no longer be read are those of the last reading. */
async function detach(
  probes: CountProbes,
  session: Session,
  last: Snapshot,
  messages: Messages,
): Promise<{ counts: Snapshot; outcome: Outcome }> {
  try {
    const counts = await probes.remove()
    await session.detach()
    return { counts, outcome: 'done' }
  } catch (error) {
    return { counts: last, outcome: messages.failure(error) }
  }
}
