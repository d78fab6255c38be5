/** Random instructions executed by the processor in place and in every other way: `--rounds N`, `--seed S`, `--only CASE`. */
import { type RandomInstructionsReport, runRandomInstructions } from '../isa/differential/random-instructions-run.js'
import { buildProgram } from '../programs/build.js'
import { writeResult } from './result-file.js'
import { scriptOptions } from './script-options.js'

const PROGRESS_EVERY = 20_000

let told = 0
function tell({ seed, cases, findings }: RandomInstructionsReport): void {
  if (cases < told + PROGRESS_EVERY) return
  told = cases
  process.stderr.write(`seed ${seed}: ${cases} cases, ${findings.length} findings\n`)
}

const { rounds, only, seed } = scriptOptions(1_000_000)
const built = await buildProgram('instruction-runner')
if (built.kind === 'missing') throw new Error(built.because)
const numbers = only === undefined ? { from: 0, to: rounds } : { from: Number(only), to: Number(only) + 1 }
const report = runRandomInstructions(built.path, numbers, seed, tell)
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`)
if (only === undefined) writeResult('random-instructions', report)
process.exitCode = report.findings.length === 0 ? 0 : 1
