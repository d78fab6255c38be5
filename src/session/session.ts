import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isRefusal, refuse } from '../refusal/refusal.js'
import type { Memory } from '../target/memory.js'
import {
  type AttachOptions,
  type CallGraph,
  type CountProbes,
  type HandlerProbes,
  type LaunchedSession,
  type ListOptions,
  type ProbeHandler,
  RefusedError,
  type RunOptions,
  type Session,
  type StackProbes,
} from './api.js'
import { catching } from './catch-options.js'
import { checkGraphOptions, type GraphOptions } from './graph-options.js'
import { Guardian } from './guardian.js'
import { HandlerRunner, openTargetMemory } from './handler-runner.js'
import { LatencyProbes } from './latency.js'
import { type LatencyOptions, latencyScript } from './latency-script.js'
import { LaunchedCommand } from './launched-command.js'
import { readFunctions } from './read-patterns.js'
import type { ScriptRun } from './script-run.js'
import type { Attached, Cleaned, Explanation, ListedFunction, Snapshot } from './session-types.js'
import { asRefusal, ScriptedStacks, stackScript } from './stack-probes.js'
import type { startRun } from './start-run.js'
import { TracerThread } from './tracer-thread.js'

/** Attaches to a process. It runs free from here on, but for the moments of planting and taking out. @throws RefusedError */
export async function attach(pid: number, options: AttachOptions = {}): Promise<Session> {
  const thread = new TracerThread(options)
  try {
    await thread.request('attach', { pid, catching: catching(options) })
    return new TracedSession(pid, thread, options.signal)
  } catch (error) {
    await thread.end()
    throw error
  }
}

/** Starts a command and attaches to it before its program's first instruction. @throws RefusedError */
export async function launch(command: string, options: AttachOptions = {}): Promise<LaunchedSession> {
  const launched = await LaunchedCommand.start(command)
  const thread = new TracerThread(options)
  try {
    const { pid } = launched
    await thread.request('runToEntry', { pid })
    await thread.request('attach', { pid, catching: catching(options) })
    return new LaunchedTarget(launched, thread, options.signal)
  } catch (error) {
    await thread.end()
    await launched[Symbol.asyncDispose]()
    throw error
  }
}

/** Removes what a killed tracer left behind. @throws RefusedError */
export async function clean(pid: number): Promise<Cleaned> {
  return withThread((thread) => thread.request('clean', { pid }))
}

/** Runs a script that needs no target. @throws ScriptError, RefusedError */
export async function run(source: string, options: RunOptions = {}): Promise<ScriptRun> {
  const thread = new TracerThread()
  try {
    return await startScript(thread, source, options, () => thread.end())
  } catch (error) {
    await thread.end()
    throw error
  }
}

/** The functions of a file on disk that match a glob. @throws RefusedError */
export async function listFile(
  path: string,
  symbolGlob: string,
  options: ListOptions = {},
): Promise<readonly ListedFunction[]> {
  return withThread((thread) => thread.request('listFile', { path, glob: symbolGlob }), options)
}

/** The compiler is loaded for those who have a script: it is half of what there is to load. */
async function startScript(...args: Parameters<typeof startRun>): Promise<ScriptRun> {
  const { startRun } = await import('./start-run.js')
  return startRun(...args)
}

async function withThread<T>(work: (thread: TracerThread) => Promise<T>, options: ListOptions = {}): Promise<T> {
  const thread = new TracerThread(options)
  try {
    return await work(thread)
  } finally {
    await thread.end()
  }
}

class TracedSession implements Session {
  private detaching: Promise<void> | undefined
  private memory: Memory | undefined
  private guardian: Guardian | undefined

  constructor(
    readonly pid: number,
    private readonly thread: TracerThread,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async count(...patterns: string[]): Promise<CountProbes> {
    this.signal?.throwIfAborted()
    const { group, attached } = await this.thread.request('count', { patterns })
    return new TracedProbes(this.thread, group, attached)
  }

  async probe(pattern: string | readonly string[], handler: ProbeHandler): Promise<HandlerProbes> {
    this.signal?.throwIfAborted()
    this.memory ??= openTargetMemory(this.pid)
    this.guardian ??= new Guardian(this.pid)
    const runner = new HandlerRunner(handler, this.memory, this.thread)
    const number = this.thread.handleHits((hit) => runner.run(hit))
    const patterns = typeof pattern === 'string' ? [pattern] : pattern
    const { group, attached } = await this.thread
      .request('probe', { patterns, handler: number })
      .catch((error: unknown) => {
        this.thread.forgetHandler(number)
        throw error
      })
    const remove = once(async () => {
      const { remaining } = await this.thread.request('remove', { group })
      this.thread.forgetHandler(number)
      assertClean(remaining)
    })
    return { attached, remove }
  }

  async run(source: string, options?: RunOptions): Promise<ScriptRun> {
    this.signal?.throwIfAborted()
    return startScript(this.thread, source, options)
  }

  async stacks(...patterns: string[]): Promise<StackProbes> {
    const run = await this.run(stackScript(patterns)).catch((error: unknown) => {
      throw asRefusal(error)
    })
    return new ScriptedStacks(run)
  }

  async latency(pattern: string | readonly string[], options: LatencyOptions = {}): Promise<LatencyProbes> {
    const patterns = typeof pattern === 'string' ? [pattern] : pattern
    const refusal = readFunctions(patterns)
    if (isRefusal(refusal)) throw new RefusedError(refusal)
    const run = await this.run(latencyScript(patterns, options), { name: 'latency' }).catch((error: unknown) => {
      throw asRefusal(error)
    })
    return new LatencyProbes(run)
  }

  async graph(pattern: string | readonly string[], options: GraphOptions = {}): Promise<CallGraph> {
    this.signal?.throwIfAborted()
    checkGraphOptions(options)
    if (options.tid !== undefined && !existsSync(`/proc/${this.pid}/task/${options.tid}`))
      throw new RefusedError(refuse('no-such-process', `process ${this.pid} has no thread ${options.tid}`))
    const { startGraph } = await import('./graph.js')
    return startGraph(this.thread, typeof pattern === 'string' ? [pattern] : pattern, options)
  }

  explain(pattern: string): Promise<readonly Explanation[]> {
    return this.thread.request('explain', { pattern })
  }

  list(pattern: string): Promise<readonly ListedFunction[]> {
    return this.thread.request('list', { pattern })
  }

  detach(): Promise<void> {
    this.detaching ??= this.detachOnce()
    return this.detaching
  }

  private async detachOnce(): Promise<void> {
    if (this.thread.isCancelled) return
    try {
      assertClean(await this.thread.request('detach', {}))
    } finally {
      this.memory?.[Symbol.dispose]()
      await this.thread.end()
      this.guardian?.dismiss()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.detach()
  }
}

class LaunchedTarget extends TracedSession implements LaunchedSession {
  readonly ended: Promise<void>

  constructor(
    private readonly launched: LaunchedCommand,
    thread: TracerThread,
    signal: AbortSignal | undefined,
  ) {
    super(launched.pid, thread, signal)
    this.ended = launched.ended
  }

  go(): void {
    this.launched.go()
  }

  override run(source: string, options: RunOptions = {}): Promise<ScriptRun> {
    return super.run(source, { childPid: this.pid, ...options })
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.detach()
    await this.launched[Symbol.asyncDispose]()
  }
}

class TracedProbes implements CountProbes {
  private removed: Promise<Snapshot> | undefined

  constructor(
    private readonly thread: TracerThread,
    private readonly group: number,
    readonly attached: Attached,
  ) {}

  snapshot(): Promise<Snapshot> {
    return this.removed ?? this.thread.request('snapshot', { group: this.group })
  }

  async *every(intervalMs: number): AsyncIterable<Snapshot> {
    if (!(intervalMs > 0)) throw new RangeError('an interval is a number of milliseconds above 0')
    for (;;) {
      await delay(intervalMs)
      if (this.removed !== undefined) return
      const snapshot = await this.snapshot()
      yield snapshot
      if (snapshot.targetGone) return
    }
  }

  remove(): Promise<Snapshot> {
    this.removed ??= this.removeOnce()
    return this.removed
  }

  private async removeOnce(): Promise<Snapshot> {
    const { snapshot, remaining } = await this.thread.request('remove', { group: this.group })
    assertClean(remaining)
    return snapshot
  }
}

function assertClean(remaining: readonly string[]): void {
  if (remaining.length > 0) throw new Error(`not everything could be removed: ${remaining.join('; ')}`)
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= work()
    return result
  }
}
