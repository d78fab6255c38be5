/** Random instructions executed by the processor in place and in every other way: `--rounds N`, `--seed S`, `--only CASE`. */
import { runRandomInstructions } from '../isa/differential/random-instructions-run.js'
import { buildProgram } from '../programs/build.js'
import { writeResult } from './result-file.js'
import { scriptOptions } from './script-options.js'

const { rounds, only, seed } = scriptOptions(1_000_000)
const built = await buildProgram('instruction-runner')
if (built.kind === 'missing') throw new Error(built.because)
const report = runRandomInstructions(built.path, rounds, seed, only === undefined ? undefined : Number(only))
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`)
if (only === undefined) writeResult('random-instructions', report)
process.exitCode = report.findings.length === 0 ? 0 : 1
