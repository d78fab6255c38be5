import { SourceText } from '../lang/source-text.js'
import type { CallTree } from '../record/call-record.js'
import { type CallEvent, type CallFunction, CallTrees } from '../record/call-trees.js'
import type { RowsRecord } from '../record/program-record.js'
import { isRefusal, refuse } from '../refusal/refusal.js'
import { CALL_EVENTS, type CallPatterns, callProgram, callProgramText, ENTRY_HANDLERS } from '../runs/call-program.js'
import { RefusedError } from './api.js'
import { beginRun } from './begin-run.js'
import type { CallPoint } from './call-points.js'
import { DEFAULT_DEPTH, type GraphOptions } from './graph-options.js'
import { readPatterns } from './read-patterns.js'
import { ScriptError } from './script-error.js'
import type { ScriptRun } from './script-run.js'
import type { Attached } from './session-types.js'
import type { TracerThread } from './tracer-thread.js'

/** Calls that are kept of one tree. */
const MAX_CALLS = 200_000
/** Trees that may wait for whoever reads them. */
const MAX_WAITING = 10_000

/** Probes that tell of calls as trees: `for await (const tree of graph)`. */
export class CallGraph implements AsyncDisposable {
  #lost = 0n
  #shown = 0
  #isEnded = false
  readonly #waiting: CallTree[] = []
  #wake: (() => void) | undefined
  #trees: CallTrees | undefined
  /** What came before it was known which functions there are. */
  readonly #early: RowsRecord[] = []

  constructor(
    /** The program that looks: it tells of what goes wrong, and when the target has ended. */
    readonly run: ScriptRun,
    private readonly options: GraphOptions,
  ) {
    run.on('record', (record) => {
      if (record.kind === 'lost' && !this.#isEnded) this.#lost += record.events
      if (record.kind === 'rows') this.#take(record)
    })
    run.on('over', () => this.#finish())
  }

  /** What became of the probes. */
  get attached(): Attached | undefined {
    return this.run.attached
  }

  /** Events that found no room, and trees that waited too long: what was known of the calls of their threads. */
  get lost(): bigint {
    return this.#lost
  }

  /** No more trees come, but those that wait: there are enough, the target has ended, or the probes are out. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** For the session’s use: the functions, by the numbers that events have for them. */
  know(points: readonly CallPoint[]): void {
    const { depth = DEFAULT_DEPTH, minNs = 0 } = this.options
    const options = { depth, minNs, maxCalls: MAX_CALLS }
    this.#trees = new CallTrees(points.map(functionOf), options, (tree) => this.#show(tree))
    for (const rows of this.#early.splice(0)) this.#take(rows)
  }

  /** Trees, each when its root has ended; those of calls that go on come at the end. */
  async *[Symbol.asyncIterator](): AsyncIterator<CallTree> {
    for (;;) {
      const tree = this.#waiting.shift()
      if (tree !== undefined) yield tree
      else if (this.#isEnded) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Takes the probes out; what is known by then can still be read. Idempotent. */
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
  const graph = new CallGraph(run, options)
  graph.know(await thread.request('callPoints', { run: number }))
  return graph
}

/** @throws RefusedError where a pattern cannot be read, or names something else than functions */
function patternsOf(roots: readonly string[], options: GraphOptions): CallPatterns {
  const { with: others = [], notrace = [], hide = [], all: takesAll = false, tid } = options
  const all = [...roots, ...others, ...notrace, ...hide]
  const read = readPatterns(all)
  if (isRefusal(read)) throw new RefusedError(read)
  if (read.functions.length < all.length)
    throw new RefusedError(
      refuse('bad-pattern', 'a graph is made of functions: write MODULE:SYMBOL, for example libc:malloc'),
    )
  return { roots, inner: others, cut: notrace, without: hide, all: takesAll, tid }
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
