import { SourceText } from '../lang/source-text.js'
import type { CallRecord, CallTree } from '../record/call-record.js'
import { type CallEvent, type CallFunction, CallTrees } from '../record/call-trees.js'
import type { RowsRecord } from '../record/program-record.js'
import { isRefusal, refuse } from '../refusal/refusal.js'
import { CALL_EVENTS, type CallPatterns, callProgram, ENTRY_HANDLERS } from '../runs/call-program.js'
import { RefusedError } from './api.js'
import { beginRun } from './begin-run.js'
import type { CallPoint } from './call-points.js'
import { readPatterns } from './read-patterns.js'
import type { ScriptRun } from './script-run.js'
import type { Attached } from './session-types.js'
import { asRefusal } from './stack-probes.js'
import type { TracerThread } from './tracer-thread.js'

/** What is looked at, and what is kept. Patterns are those of functions. */
export interface GraphOptions {
  /** Functions that are looked at inside of the roots, besides those of the modules that have a root. */
  readonly with?: readonly string[]
  /** Functions that are left out, with all that they call. */
  readonly notrace?: readonly string[]
  /** Functions that are not looked at; what they call seems to be called by their callers. */
  readonly hide?: readonly string[]
  /** How deep calls are kept: 1 for the roots alone. */
  readonly depth?: number
  /** Calls that took less are left out. Nanoseconds. */
  readonly minNs?: number
  /** Only this thread. */
  readonly tid?: number
  /** The graph ends after so many calls of roots. */
  readonly max?: number
}

export const DEFAULT_DEPTH = 32
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
      if (record.kind === 'lost') this.#lost += record.events
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
  const program = callProgram(patternsOf(roots, options))
  const compiled = { program, source: new SourceText('graph', ''), warnings: [] }
  const { run, number } = await beginRun(thread, compiled, undefined, async () => {}).catch((error: unknown) => {
    throw asRefusal(error)
  })
  const graph = new CallGraph(run, options)
  graph.know(await thread.request('callPoints', { run: number }))
  return graph
}

/** @throws RefusedError where a pattern cannot be read, or names something else than functions */
function patternsOf(roots: readonly string[], options: GraphOptions): CallPatterns {
  const { with: others = [], notrace = [], hide = [], tid } = options
  const all = [...roots, ...others, ...notrace, ...hide]
  const read = readPatterns(all)
  if (isRefusal(read)) throw new RefusedError(read)
  if (read.functions.length < all.length)
    throw new RefusedError(refuse('bad-pattern', 'a graph is made of functions: write MODULE:SYMBOL, for example libc:malloc'))
  return { roots, inner: others, allOfModules: true, cut: notrace, without: hide, tid }
}

function functionOf({ site, handler, tailCalls }: CallPoint): CallFunction {
  return { site, role: ENTRY_HANDLERS[handler] ?? 'inner', tailCalls }
}

/** The columns are `CALL_COLUMNS`, behind the event. */
function* eventsOf({ numbers, width }: RowsRecord): Generator<CallEvent> {
  for (let at = 0; at < numbers.length; at += width) {
    const [event = 0, place = 0, timeNs = 0, tid = 0, called = 0, number = 0, jump = 0] = numbers.subarray(at, at + width)
    yield { kind: CALL_EVENTS[event] ?? 'entry', place, timeNs, tid, function: called, number, jump }
  }
}

/** A call and all calls inside of it, with their depth: 0 for the call itself. */
export function* callsIn(call: CallRecord, depth = 0): Generator<readonly [call: CallRecord, depth: number]> {
  yield [call, depth]
  for (const inner of call.calls) yield* callsIn(inner, depth + 1)
}
