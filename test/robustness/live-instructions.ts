/**
 * node live-instructions.js [--rounds CASES] [--seed S] [WAY …], or with [--only CASE]: random instructions of a running
 * process, executed without a probe and with one, in every way.
 */
import { type LiveReport, runLiveInstructions } from '../mechanisms/differential/live-instructions-run.js'
import { liveWays } from '../mechanisms/differential/live-way.js'
import { buildProgram } from '../programs/build.js'
import { writeResult } from './result-file.js'
import { scriptOptions } from './script-options.js'

function tell({ seed, cases, findings }: LiveReport): void {
  process.stderr.write(`seed ${seed}: ${cases} cases in each way, ${findings.length} findings\n`)
}

const { rounds, only, seed, names } = scriptOptions(100_000)
const built = await buildProgram('instruction-runner')
if (built.kind === 'missing') throw new Error(built.because)
const numbers = only === undefined ? { from: 0, to: rounds } : { from: Number(only), to: Number(only) + 1 }
const ways = liveWays.filter(({ name }) => names.length === 0 || names.includes(name))
const report = await runLiveInstructions({ program: built.path, ways, numbers, seed, batch: 1000 }, tell)
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`)
if (only === undefined) writeResult('live-instructions', report)
process.exitCode = report.findings.length === 0 ? 0 : 1
