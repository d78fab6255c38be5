/** The long runs of this folder, cut short. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { missingCli } from '../runtime/ring3-cli.js'
import { ways } from '../runtime/ways.js'
import { allWorkloads } from '../workloads/all-workloads.js'
import { runAllFunctions } from './all-functions-run.js'
import { startBusyRedis, startTrapVictim, startVerifier } from './kill-victim.js'
import { runKill9 } from './kill9-run.js'
import { runOneSlot } from './one-slot-run.js'
import { runRedisCycles } from './redis-cycles-run.js'
import { runThrows } from './throws-run.js'

for (const workload of allWorkloads) {
  test(`${workload.name} under load does not notice probes on all functions`, async (t) => {
    const missing = missingCli() ?? workload.missing()
    if (missing !== undefined) return t.skip(missing)
    const { load, problems, servedByJump, functions } = await runAllFunctions(workload, 1)
    assert.deepEqual(problems, [])
    assert.deepEqual(
      { ...load, requests: load.requests > 0 },
      { requests: true, failures: 0, wrongAnswers: 0, notes: [] },
    )
    t.diagnostic(`${functions} functions, ${servedByJump} % by jump, ${load.requests} requests`)
    assert.ok(servedByJump >= 99.5, `${servedByJump} % are served by jump`)
  })
}

for (const start of [startVerifier, startBusyRedis]) {
  test(`a target survives a killed ring3 (${start.name})`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    const victim = await start()
    if ('missing' in victim) return t.skip(victim.missing)
    try {
      const seed = Date.now() % 1_000_000
      const { problems, killsWhileTraced } = await runKill9(victim, 6, seed)
      t.diagnostic(`seed ${seed}, ${killsWhileTraced} of 6 kills while the target was traced`)
      assert.deepEqual(problems, [])
    } finally {
      await victim[Symbol.asyncDispose]()
    }
  })
}

for (const way of ways.filter(({ name }) => ['signal', 'out-of-line', 'boosted'].includes(name))) {
  test(`a target survives a killed ring3 that has int3 in its text (${way.name})`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    const victim = await startTrapVictim('nbtcf')
    if ('missing' in victim) return t.skip(victim.missing)
    try {
      const seed = Date.now() % 1_000_000
      const { problems, killsWhileTraced } = await runKill9(victim, 3, seed, way.args)
      t.diagnostic(`seed ${seed}, ${killsWhileTraced} of 3 kills while the target was traced`)
      assert.deepEqual(problems, [])
    } finally {
      await victim[Symbol.asyncDispose]()
    }
  })
}

test('sixteen threads go through one site and one slot', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram('crowd')
  if (built.kind === 'missing') return t.skip(built.because)
  await using crowd = await startTarget(built.path, [])
  const { problems, calls, signals } = await runOneSlot(crowd, 'out-of-line', 3000)
  t.diagnostic(`${calls} calls, ${signals} signals`)
  assert.deepEqual(problems, [])
  assert.ok(calls > 1000n && signals > 100n)
})

test('a busy redis sees no EINTR while ring3 comes and goes', async (t) => {
  const report = await runRedisCycles(50)
  if ('missing' in report) return t.skip(report.missing)
  assert.deepEqual(report.problems, [])
  assert.equal(report.interrupted, report.controlInterrupted)
  assert.equal(report.load.failures + report.load.wrongAnswers, 0)
})

test('exceptions pass through frames whose returns are probed', async (t) => {
  const report = await runThrows(40_000, '__cxa_*')
  if ('missing' in report) return t.skip(report.missing)
  const { returns, wrong, differences } = report
  assert.deepEqual({ seen: returns[0], wrong, differences }, { seen: returns[1], wrong: 0, differences: [] })
})
