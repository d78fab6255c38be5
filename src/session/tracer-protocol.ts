import type { Program } from '../ir/program.js'
import type { HitName } from '../probe/mechanism.js'
import type { MapRecord } from '../record/map-record.js'
import type { Refusal } from '../refusal/refusal.js'
import type { RunAction } from '../runs/run-action.js'
import type { CallPoint } from './call-points.js'
import type { CatchOptions } from './catch-options.js'
import type { MissingProbe } from './program-sites.js'
import type { Attached, Cleaned, Explanation, ListedFunction, Progress, Snapshot } from './session-types.js'

/** What the tracer thread can be asked: parameters and result of each request. Everything can be cloned. */
export interface TracerRequests {
  attach: { params: { pid: number; catching: CatchOptions }; result: null }
  /** Takes a process that has stopped itself before an exec to the entry point of the program, where it stays stopped. */
  runToEntry: { params: { pid: number }; result: null }
  count: { params: { patterns: readonly string[] }; result: { group: number; attached: Attached } }
  /** Hits come as replies of kind `hit` that bear the handler's number. */
  probe: {
    params: { patterns: readonly string[]; handler: number }
    result: { group: number; attached: Attached }
  }
  /** A handler is done: the thread goes on with these registers. */
  goOn: { params: { hit: HitName; registers: Uint8Array }; result: null }
  /** Begins a program. What it does comes as replies of kind `actions` that bear the number of the run. */
  run: {
    /** `taken` counts the actions that have been dealt with. */
    params: { program: Program; run: number; childPid: number | undefined; taken: SharedArrayBuffer }
    result: RunBegun
  }
  /** Takes the program's probes out, runs END and shows the maps. */
  finishRun: { params: { run: number }; result: RunFinished }
  /** The functions of a program’s `call` probes, by the numbers of their points. */
  callPoints: { params: { run: number }; result: readonly CallPoint[] }
  readMaps: { params: { run: number }; result: readonly MapRecord[] }
  /** A signal came that programs may have a probe for. */
  signalRun: { params: { run: number; signal: string }; result: null }
  snapshot: { params: { group: number }; result: Snapshot }
  remove: { params: { group: number }; result: Removed }
  detach: { params: Record<string, never>; result: readonly string[] }
  explain: { params: { pattern: string }; result: readonly Explanation[] }
  list: { params: { pattern: string }; result: readonly ListedFunction[] }
  listFile: { params: { path: string; glob: string }; result: readonly ListedFunction[] }
  clean: { params: { pid: number }; result: Cleaned }
}

/** What became of a program's probes. */
export type RunBegun =
  | {
      readonly kind: 'started'
      readonly attached: Attached | undefined
      readonly missing: readonly MissingProbe[]
    }
  | { readonly kind: 'missing'; readonly probe: MissingProbe }

/** How a run has ended. */
export interface RunFinished {
  readonly maps: readonly MapRecord[]
  /** Sentences about what could not be taken out. */
  readonly remaining: readonly string[]
}

/** Why a run is over before anybody asked for it. */
export type RunOver = 'target-ended' | 'target-exec' | 'failed'

export interface Removed {
  readonly snapshot: Snapshot
  readonly remaining: readonly string[]
}

/** A thread that waits for its handler. */
export interface HitMessage extends HitName {
  /** `module:symbol` */
  readonly site: string
  /** struct user_regs_struct */
  readonly registers: Uint8Array
}

export type TracerMethod = keyof TracerRequests

export type TracerRequest = {
  [M in TracerMethod]: { readonly id: number; readonly method: M; readonly params: TracerRequests[M]['params'] }
}[TracerMethod]

export type TracerReply =
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly refusal: Refusal }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }
  | { readonly kind: 'hit'; readonly handler: number; readonly hit: HitMessage }
  | { readonly kind: 'actions'; readonly run: number; readonly actions: readonly RunAction[] }
  | { readonly kind: 'over'; readonly run: number; readonly reason: RunOver; readonly message: string }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'warning'; readonly sentence: string }
