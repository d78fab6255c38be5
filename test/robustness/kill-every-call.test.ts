import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { runKillEveryCall } from './kill-every-call-run.js'

/** All of them take minutes: `node dist/test/robustness/kill-every-call.js`. */
const STRIDE = 11

for (const stopped of [false, true]) {
  const kind = stopped ? 'stopped target' : 'target'
  test(`a tracer killed right after any kernel call leaves a ${kind} that works and can be cleaned`, async (t) => {
    const built = await buildProgram('verifier')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path, ['--threads', '2'])
    const { kills, calls, leftovers, interruptedCalls, problems } = await runKillEveryCall(target, 'verifier:*', {
      stride: STRIDE,
      stopped,
    })
    assert.deepEqual(problems, [])
    assert.ok(kills > 20 && leftovers > 0, `${kills} kills, ${leftovers} with leftovers`)
    // A thread of a stopped target cannot return by itself.
    if (stopped) assert.ok(interruptedCalls > 2, `${interruptedCalls} interrupted calls`)
    t.diagnostic(`${kills} kills among ${calls} calls, ${leftovers} left something for clean`)
  })
}
