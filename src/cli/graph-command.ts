import { quantity } from '../outputs/text/quantity.js'
import type { CallTree } from '../record/call-record.js'
import { CallMerger } from '../record/merged-calls.js'
import type { CallGraph, Ring3 } from '../session/api.js'
import type { CatchOptions } from '../session/catch-options.js'
import type { GraphOptions } from '../session/graph-options.js'
import { checkFunctions } from './check-patterns.js'
import { type Destination, openDestination, type PrintOptions } from './destination.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'
import type { Messages } from './messages.js'
import { reportAttached } from './report-attached.js'
import { withSession } from './with-session.js'

/** `ring3 graph`. Times in milliseconds, but for `timeFilter`. */
export interface GraphCommandOptions extends PrintOptions, CatchOptions, Omit<GraphOptions, 'minNs'> {
  readonly pid: number
  readonly duration?: number
  /** `minNs`, by uftrace’s name. */
  readonly timeFilter?: number
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
  checkFunctions([...patterns, ...others, ...notrace, ...hide])
  using destination = openDestination(options, false, host)
  return await withSession(
    options,
    destination.sink,
    { engine, host, messages },
    async ({ session, ending, progress }) => {
      const graph = await session.graph(patterns, graphOptions(options))
      progress[Symbol.dispose]()
      if (graph.attached !== undefined) reportAttached(graph.attached, messages)
      const [shown] = await Promise.all([
        show(graph, options.merge === true, destination),
        ending.waitOr(() => graph.isEnded, LOOK_MS, options.duration).then(() => graph.remove()),
      ])
      tellEnd(graph, shown, messages)
      return 'done'
    },
  )
}

/** How soon it is noticed that there are enough trees. */
const LOOK_MS = 100

function graphOptions(options: GraphCommandOptions): GraphOptions {
  const { depth, timeFilter, with: others, notrace, hide, all = false, tid, max } = options
  return {
    ...(depth !== undefined && { depth }),
    all,
    ...(timeFilter !== undefined && { minNs: timeFilter }),
    ...(others !== undefined && { with: others }),
    ...(notrace !== undefined && { notrace }),
    ...(hide !== undefined && { hide }),
    ...(tid !== undefined && { tid }),
    ...(max !== undefined && { max }),
  }
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
