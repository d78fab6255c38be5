import { SourceText } from '../lang/source-text.js'
import { parsePattern } from '../probe/pattern.js'
import { CallBuilder, type CallEvent, type CallFunction } from '../record/call-builder.js'
import type { CallTree } from '../record/call-record.js'
import type { RowsRecord } from '../record/program-record.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { CALL_EVENTS, type CallPatterns, callProgram, callProgramText, ENTRY_HANDLERS } from '../runs/call-program.js'
import { type CallGraph, RefusedError } from './api.js'
import { beginRun } from './begin-run.js'
import type { CallPoint } from './call-points.js'
import { DEFAULT_DEPTH, type GraphOptions } from './graph-options.js'
import { ScriptError } from './script-error.js'
import type { ScriptRun } from './script-run.js'
import type { Attached } from './session-types.js'
import type { TracerThread } from './tracer-thread.js'

/** Calls that are kept of one tree. */
const MAX_CALLS = 200_000
/** Trees that may wait for whoever reads them. */
const MAX_WAITING = 10_000

/** The program at work, which tells of calls, and the trees that these make. */
class ProbedCalls implements CallGraph {
  readonly warnings: string[] = []
  #lost = 0n
  #shown = 0
  #isEnded = false
  readonly #waiting: CallTree[] = []
  #wake: (() => void) | undefined
  #trees: CallBuilder | undefined
  /** What came before it was known which functions there are. */
  readonly #early: RowsRecord[] = []

  constructor(
    private readonly run: ScriptRun,
    private readonly options: GraphOptions,
  ) {
    run.on('record', (record) => {
      if (record.kind === 'lost' && !this.#isEnded) this.#lost += record.events
      if (record.kind === 'rows') this.#take(record)
    })
    run.on('message', (text) => this.warnings.push(text))
    run.on('warning', (text) => this.warnings.push(text))
    run.on('over', () => this.#wake?.())
  }

  get attached(): Attached | undefined {
    return this.run.attached
  }

  get lost(): bigint {
    return this.#lost
  }

  get isEnded(): boolean {
    return this.#isEnded || this.run.over !== undefined
  }

  get over(): string | undefined {
    return this.run.over?.message
  }

  /** The functions, by the numbers that events have for them. */
  know(points: readonly CallPoint[]): void {
    const { depth = DEFAULT_DEPTH, minNs = 0 } = this.options
    const options = { depth, minNs, maxCalls: MAX_CALLS }
    this.#trees = new CallBuilder(points.map(functionOf), options, (tree) => this.#show(tree))
    for (const rows of this.#early.splice(0)) this.#take(rows)
  }

  async *[Symbol.asyncIterator](): AsyncIterator<CallTree> {
    for (;;) {
      const tree = this.#waiting.shift()
      if (tree !== undefined) yield tree
      else if (this.#isEnded) return
      else if (this.run.over !== undefined) await this.remove()
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  async remove(): Promise<void> {
    await this.run.close()
    this.#finish()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove()
  }

  #take(rows: RowsRecord): void {
    if (this.#trees === undefined) this.#early.push(rows)
    else for (const event of eventsOf(rows)) this.#trees.take(event)
  }

  #show(tree: CallTree): void {
    if (this.#shown >= (this.options.max ?? Number.POSITIVE_INFINITY)) return
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lost += 1n
      return
    }
    this.#waiting.push(tree)
    this.#shown++
    if (this.#shown === this.options.max) this.#end()
    this.#wake?.()
  }

  /** What is still open is shown as such. */
  #finish(): void {
    this.#trees?.finish()
    this.#end()
  }

  #end(): void {
    this.#isEnded = true
    this.#wake?.()
  }
}

/** Begins to look at calls. @throws RefusedError */
export async function startGraph(
  thread: TracerThread,
  roots: readonly string[],
  options: GraphOptions,
): Promise<CallGraph> {
  const patterns = patternsOf(roots, options)
  const source = new SourceText('graph', callProgramText(patterns))
  const compiled = { program: callProgram(patterns), source, warnings: [] }
  const { run, number } = await beginRun(thread, compiled, undefined, async () => {}).catch((error: unknown) => {
    throw error instanceof ScriptError ? missing(error, source) : error
  })
  const graph = new ProbedCalls(run, options)
  const points = await thread.request('callPoints', { run: number })
  if (!points.some((point) => isRoot(point) && !point.isLost)) {
    await run.close()
    throw new RefusedError(noRoot(points, run.attached))
  }
  graph.know(points)
  return graph
}

function isRoot({ handler }: CallPoint): boolean {
  return ENTRY_HANDLERS[handler] === 'root'
}

/** The first reason stands for all. */
function noRoot(points: readonly CallPoint[], attached: Attached | undefined): Refusal {
  const refused = attached?.refused ?? []
  const roots = points.filter(isRoot)
  const ofRoot = refused.find(({ site }) =>
    roots.some((root) => site === root.site || site.startsWith(`${root.site}+`)),
  )
  const first = ofRoot ?? refused[0]
  const because = first === undefined ? '' : `: ${first.site}: ${first.because}`
  return refuse(first?.code ?? 'no-match', `no function that a graph may begin at could be probed${because}`)
}

/** @throws RefusedError where a pattern cannot be read, or names something else than functions */
function patternsOf(roots: readonly string[], options: GraphOptions): CallPatterns {
  const { with: others = [], notrace = [], hide = [], all: takesAll = false, tid } = options
  const all = [...roots, ...others, ...notrace, ...hide]
  const wrong = all.map(notOfFunctions).find((refusal) => refusal !== undefined)
  if (wrong !== undefined) throw new RefusedError(wrong)
  return { roots, inner: others, cut: notrace, without: hide, all: takesAll, tid }
}

function notOfFunctions(text: string): Refusal | undefined {
  const pattern = parsePattern(text)
  if (isRefusal(pattern)) return pattern
  if (pattern.kind === 'symbol' && pattern.offset === 0) return undefined
  return refuse('bad-pattern', `${text}: a graph is made of functions: write MODULE:SYMBOL, for example libc:malloc`)
}

/** Of the first pattern that cannot be had. */
function missing({ diagnostics }: ScriptError, { text }: SourceText): RefusedError {
  const sentences = diagnostics.map(({ span, message }) => {
    const pattern = text.slice(span.start, span.end)
    return message.includes(pattern) ? message : `${pattern}: ${message}`
  })
  return new RefusedError(refuse('no-match', sentences.join('; ')))
}

function functionOf({ site, handler, tailCalls }: CallPoint): CallFunction {
  return { site, role: ENTRY_HANDLERS[handler] ?? 'inner', tailCalls }
}

/** The columns are `CALL_COLUMNS`, behind the event. */
function* eventsOf({ numbers, width }: RowsRecord): Generator<CallEvent> {
  for (let at = 0; at < numbers.length; at += width) {
    const [event = 0, place = 0, timeNs = 0, tid = 0, called = 0, number = 0, jump = 0] = numbers.subarray(
      at,
      at + width,
    )
    yield { kind: CALL_EVENTS[event] ?? 'entry', place, timeNs, tid, function: called, number, jump }
  }
}
