import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { missingCli } from '../runtime/ring3-cli.js'
import { runKillEveryCall } from './kill-every-call-run.js'

/** All of them take minutes: `node dist/test/robustness/kill-every-call.js`. */
const STRIDE = 11

test('a tracer killed right after any kernel call leaves a target that works and can be cleaned', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram('verifier')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, ['--threads', '2'])
  const { kills, calls, leftovers, problems } = await runKillEveryCall(target, 'verifier:*', STRIDE)
  assert.deepEqual(problems, [])
  assert.ok(kills > 20 && leftovers > 0, `${kills} kills, ${leftovers} with leftovers`)
  t.diagnostic(`${kills} kills among ${calls} calls, ${leftovers} left something for clean`)
})
