import { extname } from 'node:path'
import { flameGraphHtml } from '../outputs/flame-graph/flame-graph-html.js'
import { flameGraphSvg } from '../outputs/flame-graph/flame-graph-svg.js'
import { foldedStacks } from '../outputs/flame-graph/folded-stacks.js'
import { attachedText } from '../outputs/text/attached-text.js'
import type { StackCount } from '../record/stack-count.js'
import type { Ring3 } from '../session/api.js'
import { checkSites } from './check-patterns.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'
import type { Messages, Volume } from './messages.js'
import { withSession } from './with-session.js'

/** `ring3 flame`. Times in milliseconds. */
export interface FlameOptions extends Volume {
  readonly pid: number
  readonly duration?: number
  readonly output?: string
}

/** How soon it is noticed that the target has ended. */
const LOOK_MS = 200

type Renderer = (stacks: readonly StackCount[], title: string) => string

const renderers: ReadonlyMap<string, Renderer> = new Map<string, Renderer>([
  ['.svg', (stacks, title) => flameGraphSvg(stacks, { title })],
  ['.html', (stacks, title) => flameGraphHtml(stacks, { title })],
  ['.folded', foldedStacks],
])

/** The endings that `-o` may have. */
export const flameEndings: readonly string[] = [...renderers.keys()]

/** Counts the stacks at some functions, and draws them when the end is wished for, the time is up or the target ends. */
export async function runFlame(
  patterns: readonly string[],
  options: FlameOptions,
  engine: Ring3,
  host: Host,
  messages: Messages,
): Promise<Outcome> {
  checkSites(patterns)
  using file = options.output === undefined ? undefined : host.openFile(options.output)
  const sink = file ?? host.stdout
  return await withSession(options, sink, { engine, host, messages }, async ({ session, ending, progress }) => {
    const probes = await session.stacks(...patterns)
    progress[Symbol.dispose]()
    if (probes.attached !== undefined) messages.note(attachedText(probes.attached))
    await ending.waitOr(() => probes.isOver, LOOK_MS, options.duration)
    const stacks = await probes.remove()
    for (const warning of probes.warnings) messages.warning(warning.trimEnd())
    if (stacks.length === 0) messages.note('no thread has passed there')
    sink.write(rendererFor(options.output)(stacks, `process ${options.pid}: ${patterns.join(', ')}`))
    return 'done'
  })
}

function rendererFor(output: string | undefined): Renderer {
  return renderers.get(extname(output ?? '')) ?? foldedStacks
}
