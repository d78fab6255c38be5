/** node one-slot.js [--rounds SECONDS]: sixteen threads through one site and one slot, with fork and signals meanwhile. */
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { runOneSlot } from './one-slot-run.js'
import { scriptOptions } from './script-options.js'

const MS_PER_SECOND = 1000
const { rounds: seconds } = scriptOptions(60)
const built = await buildProgram('crowd')
if (built.kind === 'missing') throw new Error(built.because)
for (const resume of ['out-of-line', 'boosted', 'emulated'] as const) {
  await using crowd = await startTarget(built.path, [])
  const { calls, signals, ...report } = await runOneSlot(crowd, resume, seconds * MS_PER_SECOND)
  process.stdout.write(`${JSON.stringify({ ...report, calls: String(calls), signals: String(signals) })}\n`)
  if (report.problems.length > 0) process.exitCode = 1
}
