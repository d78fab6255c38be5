import type { MechanismTraits } from '../probe/mechanism.js'
import type { CallTree } from '../record/call-record.js'
import type { MechanismRecord } from '../record/mechanism-record.js'
import type { StackCount } from '../record/stack-count.js'
import type { Refusal } from '../refusal/refusal.js'
import type { CatchOptions } from './catch-options.js'
import type { GraphOptions } from './graph-options.js'
import type { Hit } from './hit.js'
import type { LatencyProbes } from './latency.js'
import type { LatencyOptions } from './latency-script.js'
import type { ScriptRun } from './script-run.js'
import type { Attached, Cleaned, Explanation, ListedFunction, Progress, Snapshot } from './session-types.js'

/** Thrown by the library when a whole request is refused: carries the refusal. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  constructor(readonly refusal: Refusal) {
    super(refusal.because)
  }
}

export interface ListOptions {
  /** Takes sentences about what was passed over, such as a debug file that is damaged. */
  readonly onWarning?: (sentence: string) => void
}

export interface AttachOptions extends ListOptions, CatchOptions {
  readonly onProgress?: (progress: Progress) => void
  /**
   * Ends a set-up that has not begun to change the target: what was asked for rejects with the signal's reason, and the
   * session is over. A change that has begun is finished.
   */
  readonly signal?: AbortSignal
}

/** A set of counting probes that is at work. */
export interface CountProbes {
  readonly attached: Attached
  /** Reads the counters now. */
  snapshot(): Promise<Snapshot>
  /** A snapshot every `intervalMs`, until the probes are removed or the target ends. */
  every(intervalMs: number): AsyncIterable<Snapshot>
  /** Takes these probes out; resolves to the last counts. */
  remove(): Promise<Snapshot>
}

/** Stacks of the threads that pass some functions, counted since the probes began to work. */
export interface StackProbes {
  /** What became of the probes. */
  readonly attached: Attached | undefined
  /** The target has ended, or executes another program. */
  readonly isOver: boolean
  /** What went wrong so far, such as stacks that found no room: text of several lines each. */
  readonly warnings: readonly string[]
  /** Takes these probes out; resolves to the stacks, each with how often it was met. Idempotent. */
  remove(): Promise<readonly StackCount[]>
}

/**
 * Probes that tell of calls: `for await (const tree of graph)`. A tree comes when its root has ended; those of calls that go on come
 * when the probes are taken out.
 */
export interface CallGraph extends AsyncIterable<CallTree>, AsyncDisposable {
  /** What became of the probes. */
  readonly attached: Attached | undefined
  /** No more trees come but those that wait: there are enough, the target has ended, or the probes are out. */
  readonly isEnded: boolean
  /** Why, in a sentence, where it is the target’s doing. */
  readonly over: string | undefined
  /** Events that found no room, and trees that nobody read in time. */
  readonly lost: bigint
  /** What went wrong so far, text of several lines each. */
  readonly warnings: readonly string[]
  /** Takes the probes out; what is known by then can still be read. Idempotent. */
  remove(): Promise<void>
}

/** Probes with a handler that holds the thread. */
export interface HandlerProbes {
  readonly attached: Attached
  /** Takes these probes out. */
  remove(): Promise<void>
}

/** What runs at a hit, while the thread is held. */
export interface ProbeHandler {
  /** The thread stands at the site, whose instruction has not been executed. When it throws, the thread goes on as it was. */
  entry(hit: Hit): void
  /** Is told what `entry` threw; without it a process warning is emitted. */
  onError?(error: unknown, hit: Hit): void
}

/** How a script is compiled and run. */
export interface RunOptions {
  /** What messages call the script. */
  readonly name?: string
  /** `$1` and so on. */
  readonly parameters?: readonly string[]
  /** Allows what changes the system or the target: `system()`, `signal()`. */
  readonly unsafe?: boolean
  /** Settings that go before those of the script: `{ max_strlen: '64' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** The process that was started for the run: `cpid`. */
  readonly childPid?: number
}

/** One target. `await using session = await attach(pid)`. */
export interface Session {
  readonly pid: number
  count(...patterns: string[]): Promise<CountProbes>
  /** Probes with a handler of your own, which may read and change the thread: its registers, its memory, what it returns. */
  probe(pattern: string | readonly string[], handler: ProbeHandler): Promise<HandlerProbes>
  /** Runs a script of bpftrace’s language. @throws ScriptError, RefusedError */
  run(source: string, options?: RunOptions): Promise<ScriptRun>
  /** Counts the stacks of the threads that pass these functions. The handler runs in the tracer. */
  stacks(...patterns: string[]): Promise<StackProbes>
  /** Measures how long calls take. @throws RefusedError, ScriptError */
  latency(pattern: string | readonly string[], options?: LatencyOptions): Promise<LatencyProbes>
  /** Tells of the calls of these functions as trees: what each called, and how long that took. @throws RefusedError */
  graph(pattern: string | readonly string[], options?: GraphOptions): Promise<CallGraph>
  explain(pattern: string): Promise<readonly Explanation[]>
  list(pattern: string): Promise<readonly ListedFunction[]>
  /** Removes every probe and leaves the target as it was found. Idempotent. */
  detach(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A target that was started for the session. */
export interface LaunchedSession extends Session {
  /** Lets the command begin. */
  go(): void
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
}

export interface Ring3 {
  /** The ways of catching threads that there are, the cheapest first. */
  readonly mechanisms: readonly MechanismTraits[]
  /** The same with what a hit costs on this machine. Starts a process, and takes some seconds. */
  measureMechanisms(): Promise<readonly MechanismRecord[]>
  attach(pid: number, options?: AttachOptions): Promise<Session>
  /**
   * Starts a command, and attaches to it before the first instruction of its program: the libraries that it is linked with
   * are mapped. It begins with `go()`, and ends with the session.
   */
  launch(command: string, options?: AttachOptions): Promise<LaunchedSession>
  clean(pid: number): Promise<Cleaned>
  /** Runs a script that needs no target: BEGIN, END, interval and self. @throws ScriptError, RefusedError */
  run(source: string, options?: RunOptions): Promise<ScriptRun>
  /** Functions of a file on disk that match a symbol glob. */
  listFile(path: string, symbolGlob: string, options?: ListOptions): Promise<readonly ListedFunction[]>
}
