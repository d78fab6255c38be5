import { type CostReport, runInterleaved } from './cost-run.js'
import { scriptVariants } from './variants/script-variants.js'

/** Scripts by ring3 beside the same by bpftrace, and an LTTng-UST event, in one interleaved run. */
export function runScripts(rounds: number): Promise<CostReport> {
  return runInterleaved(scriptVariants, rounds)
}
