// node kill-every-call.js [--rounds STRIDE]: kills a tracer right after every kernel call of a run, one by one.
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { runKillEveryCall } from './kill-every-call-run.js'
import { scriptOptions } from './script-options.js'

const built = await buildProgram('verifier')
if (built.kind === 'missing') throw new Error(built.because)
await using target = await startTarget(built.path, [])
const report = await runKillEveryCall(target, 'verifier:*', scriptOptions(1).rounds)
console.log(JSON.stringify(report, null, 1))
process.exitCode = report.problems.length === 0 ? 0 : 1
