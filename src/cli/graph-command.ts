import { quantity } from '../outputs/text/quantity.js'
import type { CallTree } from '../record/call-record.js'
import { CallMerger } from '../record/merged-calls.js'
import type { CallGraph, Ring3 } from '../session/api.js'
import type { CatchOptions } from '../session/catch-options.js'
import type { GraphOptions } from '../session/graph-options.js'
import { attachOptions } from './attach-options.js'
import { checkPatterns } from './check-patterns.js'
import { type Destination, openDestination, type PrintOptions } from './destination.js'
import { endedEarly } from './ended-early.js'
import { Ending } from './ending.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'
import type { Messages } from './messages.js'
import { ProgressLine } from './progress-line.js'
import { reportAttached } from './report-attached.js'

/** `ring3 graph`. Times in milliseconds, but for `timeFilter`. */
export interface GraphCommandOptions extends PrintOptions, CatchOptions {
  readonly pid: number
  readonly duration?: number
  readonly depth: number
  /** Nanoseconds. */
  readonly timeFilter?: number
  readonly with?: readonly string[]
  readonly notrace?: readonly string[]
  readonly hide?: readonly string[]
  readonly all?: boolean
  readonly tid?: number
  readonly max?: number
  readonly merge?: boolean
}

/** Shows calls until there are enough, the end is wished for, the time is up or the target ends. */
export async function runGraph(
  patterns: readonly string[],
  options: GraphCommandOptions,
  engine: Ring3,
  host: Host,
  messages: Messages,
): Promise<Outcome> {
  const { with: others = [], notrace = [], hide = [] } = options
  checkPatterns([...patterns, ...others, ...notrace, ...hide])
  using destination = openDestination(options, false, host)
  using ending = new Ending(host, destination.sink, () => messages.error('detaching: this cannot be cut short'))
  using progress = new ProgressLine(host.stderr, messages)
  const setUp = attachOptions(options, progress, ending, messages)
  try {
    await using session = await engine.attach(options.pid, setUp)
    const graph = await session.graph(patterns, graphOptions(options))
    progress[Symbol.dispose]()
    if (graph.attached !== undefined) reportAttached(graph.attached, messages)
    const [shown] = await Promise.all([
      show(graph, options.merge === true, destination),
      untilOver(graph, options, ending).then(() => graph.remove()),
    ])
    tellEnd(graph, shown, messages)
    return 'done'
  } catch (error) {
    const reason = ending.reasonFor(error)
    progress[Symbol.dispose]()
    return endedEarly(reason, messages)
  }
}

/** How soon it is noticed that there are enough trees. */
const LOOK_MS = 100

function graphOptions(options: GraphCommandOptions): GraphOptions {
  const { depth, timeFilter, with: others, notrace, hide, all = false, tid, max } = options
  return {
    depth,
    all,
    ...(timeFilter !== undefined && { minNs: timeFilter }),
    ...(others !== undefined && { with: others }),
    ...(notrace !== undefined && { notrace }),
    ...(hide !== undefined && { hide }),
    ...(tid !== undefined && { tid }),
    ...(max !== undefined && { max }),
  }
}

async function untilOver(
  graph: CallGraph,
  { duration = Number.POSITIVE_INFINITY }: GraphCommandOptions,
  ending: Ending,
): Promise<void> {
  const end = performance.now() + duration
  for (let left = duration; left > 0 && !graph.isEnded && ending.reason === undefined; left = end - performance.now())
    await ending.wait(Math.min(LOOK_MS, left))
}

/** Trees as they come, or what they come to at the end. @returns how many there were */
async function show(graph: CallGraph, isMerged: boolean, { sink, output, options }: Destination): Promise<number> {
  const merger = new CallMerger()
  let previous: CallTree | undefined
  let shown = 0
  for await (const tree of graph) {
    if (isMerged) merger.add(tree)
    else sink.write(output.calls(tree, previous, options))
    previous = tree
    shown++
  }
  if (isMerged) sink.write(output.mergedCalls(merger.merged, options))
  return shown
}

function tellEnd({ over, lost, warnings }: CallGraph, shown: number, messages: Messages): void {
  for (const warning of warnings) messages.warning(warning.trimEnd())
  if (lost > 0n) messages.note(`LOST ${quantity(lost, 'event')}: they came faster than they could be taken`)
  if (shown === 0) messages.note('no call of these functions has been seen')
  if (over !== undefined) messages.note(over)
}
