import { type CostReport, runInterleaved } from './cost-run.js'
import { mechanismVariants } from './variants/mechanism-variants.js'

/** The mechanisms beside `ltrace -c`, gdb and kernel uprobes, on one function, in one interleaved run. */
export function runMechanisms(rounds: number, only?: string): Promise<CostReport> {
  const wanted = only === undefined ? undefined : ['unprobed', 'ltrace -c', only]
  const variants = mechanismVariants.filter(({ variant }) => wanted?.includes(variant.name) ?? true)
  return runInterleaved(variants, rounds)
}
