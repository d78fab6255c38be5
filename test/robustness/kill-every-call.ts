// node kill-every-call.js [--rounds STRIDE]: kills a tracer right after every kernel call of a run, one by one; then the
// same in a stopped target.
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { runKillEveryCall } from './kill-every-call-run.js'
import { scriptOptions } from './script-options.js'

const built = await buildProgram('verifier')
if (built.kind === 'missing') throw new Error(built.because)
const stride = scriptOptions(1).rounds
for (const stopped of [false, true]) {
  await using target = await startTarget(built.path, [])
  const report = await runKillEveryCall(target, 'verifier:*', { stride, stopped })
  console.log(JSON.stringify({ stopped, ...report }, null, 1))
  if (report.problems.length > 0) process.exitCode = 1
}
