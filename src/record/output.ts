import type { AttachedRecord } from './attached-record.js'
import type { CallTree } from './call-record.js'
import type { CleanedRecord } from './cleaned-record.js'
import type { CountsRecord } from './counts-record.js'
import type { ExplanationRecord } from './explanation-record.js'
import type { FunctionRecord } from './function-record.js'
import type { LatencyRecord } from './latency-record.js'
import type { MechanismRecord } from './mechanism-record.js'
import type { MergedCall } from './merged-calls.js'
import type { ProgramRecord } from './program-record.js'

/** How results are to look; what an output has no use for it ignores. */
export interface OutputOptions {
  /** Sites without a hit too. */
  readonly all: boolean
  readonly verbose: boolean
  readonly colour: boolean
  /** How people are to see a site: `app:ns::f(int)` for `app:_ZN2ns1fEi`. */
  readonly nameOf: (site: string) => string
}

/**
 * A way of writing results down. Each function renders one record as text that ends in a line feed, or as the empty string
 * where the format has nothing to say. Rendering has no side effects.
 */
export interface Output {
  readonly name: string
  /** For people: may be redrawn in a terminal, and has messages beside it on stderr. Otherwise every line is data. */
  readonly forPeople: boolean
  attached(attached: AttachedRecord, options: OutputOptions): string
  /** Counts amid a count. `previous` are those before, for formats that show rates; undefined stands for the beginning. */
  interimCounts(now: CountsRecord, previous: CountsRecord | undefined, options: OutputOptions): string
  finalCounts(counts: CountsRecord, options: OutputOptions): string
  latencies(latencies: readonly LatencyRecord[], options: OutputOptions): string
  /** A tree of calls; `previous` is the one that was shown before it. */
  calls(tree: CallTree, previous: CallTree | undefined, options: OutputOptions): string
  mergedCalls(roots: readonly MergedCall[], options: OutputOptions): string
  functions(functions: readonly FunctionRecord[], options: OutputOptions): string
  explanations(explanations: readonly ExplanationRecord[], options: OutputOptions): string
  cleaned(cleaned: CleanedRecord, options: OutputOptions): string
  /** What a script says. */
  program(record: ProgramRecord): string
  mechanisms(mechanisms: readonly MechanismRecord[], options: OutputOptions): string
}
