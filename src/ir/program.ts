import type { Event } from './event.js'
import type { RecordLayout } from './layout.js'
import type { Span, Statement } from './statement.js'
import type { ValueType } from './value-type.js'

/**
 * A compiled program: plain data, from which machine code is generated and which the interpreter executes. Everything that a
 * handler does in order is a statement; expressions are pure, so they can be evaluated anywhere between two statements.
 */
export interface Program {
  readonly handlers: readonly Handler[]
  readonly maps: readonly MapDeclaration[]
  /** What handlers emit, by index. */
  readonly events: readonly Event[]
  readonly records: ReadonlyMap<string, RecordLayout>
  readonly enums: ReadonlyMap<string, ReadonlyMap<bigint, string>>
  readonly config: ProgramConfig
  /** What runs where functions are followed whose returns are probed; where there are such probes. */
  readonly returns?: ReturnHandlers
  /** What runs where the functions of `call` probes are left; where there are such probes. */
  readonly calls?: CallHandlers
}

/** Handlers by index. */
export interface CallHandlers {
  readonly atReturns: number
  /** Where a function jumps to another one, which then returns in its place. */
  readonly atTailJumps: number
  /** Patterns of functions that are no probes, whoever names them. */
  readonly without: readonly string[]
}

/** Handlers by index: what keeps calls in progress, up to where the handler of a probe runs. */
export interface ReturnHandlers {
  readonly atBeginnings: number
  /** Where a function jumps to another one, which then returns in its place. */
  readonly atTailJumps: number
  /** Where these others begin. */
  readonly atFollowed: number
}

/** One action block: it runs at each of its probes, in the order of the script. */
export interface Handler {
  readonly probes: readonly PlacedProbe[]
  readonly locals: readonly Local[]
  readonly body: readonly Statement[]
}

/** A variable of a handler, by index. Locals begin as zero at each hit. */
export interface Local {
  /** `$name`, or `%n` for what the compiler made. */
  readonly name: string
  readonly type: ValueType
  /** What it holds from the beginning: when the call began that returns here. */
  readonly holds?: 'call-began'
}

export interface MapDeclaration {
  /** With its `@`. */
  readonly name: string
  /** `undefined` for a map without a key. */
  readonly key: ValueType | undefined
  readonly value: ValueType
  readonly maxKeys: number
  /** It is not the script's, and not shown. */
  readonly isHidden?: true
  /** It is only used by statements of calls in progress. */
  readonly holdsCalls?: true
}

/**
 * Where a handler is to run. `text` is the probe's full name; a `pattern` is one that `parsePattern` has read, or, of what is
 * watched, `parseWatchpoint`.
 */
export type ProbeRequest =
  | { readonly kind: 'begin' | 'end'; readonly text: string }
  | { readonly kind: 'interval'; readonly text: string; readonly periodNs: bigint }
  | { readonly kind: 'signal'; readonly text: string; readonly signal: string }
  | { readonly kind: 'uprobe' | 'uretprobe'; readonly text: string; readonly pattern: string }
  | CallRequest
  | WatchRequest

/** Of accesses to data. */
export interface WatchRequest {
  readonly kind: 'watchpoint'
  readonly text: string
  readonly pattern: string
}

/** Functions at their beginnings, and wherever they are left. A function has one such probe, whichever names it first. */
export interface CallRequest {
  readonly kind: 'call'
  readonly text: string
  readonly pattern: string
  /** With `opened`, the functions in modules in which probes before this one that `open` modules have some. */
  readonly modules?: 'open' | 'opened'
  /** Functions that it does not name one by one are probed in the cheapest way, or not at all. */
  readonly isOptional?: true
}

/** Whether the handlers of a probe run where threads of the target are, and not in the tracer. */
export function isInTarget({ kind }: ProbeRequest): boolean {
  return kind === 'uprobe' || kind === 'uretprobe' || kind === 'call'
}

/** Whether threads of the target come to a probe, which then has registers. */
export function isOfThreads(request: ProbeRequest): boolean {
  return isInTarget(request) || request.kind === 'watchpoint'
}

/** A probe, and where the script asks for it. */
export type PlacedProbe = ProbeRequest & { readonly span: Span }

export interface ProgramConfig {
  readonly maxMapKeys: number
  readonly maxStringLength: number
  readonly maxCatBytes: number
  readonly stringTrailer: string
  readonly printMapsOnExit: boolean
  readonly missingProbes: 'error' | 'warn' | 'ignore'
  /** Turns of a loop after which a handler is stopped. */
  readonly maxLoopTurns: number
  /** Of 4096 bytes, for the events of each thread of the target. A power of two. */
  readonly ringPages: number
}
