/** Counts against the program's own tally, in every mode, for many rounds: the difference must be 0. */
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { exactnessModes } from '../runtime/exactness-modes.js'
import { runExactness } from '../runtime/exactness-run.js'
import { writeResult } from './result-file.js'
import { scriptOptions } from './script-options.js'

const { rounds } = scriptOptions(20)
const built = await buildProgram('calls')
const results: { fact: string; hits: string; differences: readonly string[] }[] = []
for (const { fact, args } of built.kind === 'built' ? exactnessModes : []) {
  await using target = await startTarget(built.kind === 'built' ? built.path : '', args)
  const { hits, differences } = await runExactness(target, 'calls', ['work', 'leaf', 'recurse'], rounds)
  process.stdout.write(`${fact}: ${hits} hits, ${differences.length === 0 ? 'exact' : differences.join('; ')}\n`)
  results.push({ fact, hits: String(hits), differences })
}
if (built.kind === 'missing') process.stdout.write(`${built.because}\n`)
writeResult('exactness', results)
process.exitCode = results.every(({ differences }) => differences.length === 0) ? 0 : 1
