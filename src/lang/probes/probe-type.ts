import type { ProbeRequest } from '../../ir/program.js'

/** A kind of probe that programs can have. Adding one adds a file, and a line in probe-table.ts. */
export interface ProbeType {
  /** The name and its short forms. */
  readonly names: readonly string[]
  /** Reads what stands behind the name and its colon. `text` is the probe's full name. */
  parse(rest: string, text: string): ProbeRequest | ProbeProblem
}

/** Why a probe is refused. */
export interface ProbeProblem {
  readonly problem: string
  readonly instead?: string
}

export function isProblem(parsed: ProbeRequest | ProbeProblem): parsed is ProbeProblem {
  return 'problem' in parsed
}
