import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { exactnessModes } from './exactness-modes.js'
import { parseTally, runExactness } from './exactness-run.js'
import { CountProcess, missingCli } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'

for (const { fact, args } of exactnessModes) {
  test(`counts are exact with ${fact}`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    const built = await buildProgram('calls')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path, args)
    const { hits, differences } = await runExactness(target, 'calls', ['work', 'leaf', 'recurse'], 2)
    assert.deepEqual(differences, [])
    t.diagnostic(`${hits} hits`)
  })
}

for (const altstack of ['0', '1']) {
  const where = altstack === '1' ? 'a small alternate stack' : 'the thread’s own stack'
  test(`counts are exact when signals interrupt trampolines, handled on ${where}`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    const built = await buildProgram('signals')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path, ['--threads', '2', '--altstack', altstack])
    const before = captureState(target.pid)
    await using count = new CountProcess(target.pid, ['signals:work', 'signals:deeper'])
    await count.attached()
    await target.ask('go', /^going/)
    await sleep(1500)
    const tally = parseTally(await target.ask('stop', /^counted/))
    const { counts } = await count.finish()
    assert.equal(tally.get('wrong'), 0n)
    assert.equal(counts.get('signals:work'), tally.get('work'))
    assert.equal(counts.get('signals:deeper'), tally.get('deeper'))
    assert.deepEqual(stateDifferences(before), [])
  })
}

test('probes may come and go while signals interrupt the functions', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram('signals')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, ['--threads', '3', '--period', '50', '--altstack', '1'])
  const before = captureState(target.pid)
  await target.ask('go', /^going/)
  for (let round = 0; round < 5; round++) {
    await using count = new CountProcess(target.pid, ['signals:work', 'signals:deeper', 'signals:on_timer'])
    await count.attached()
    await sleep(200)
    assert.equal((await count.finish()).code, 0)
    assert.match(await target.ask('report'), / wrong=0$/)
  }
  assert.match(await target.ask('stop', /^counted/), / wrong=0$/)
  assert.deepEqual(stateDifferences(before), [])
})

test('threads that wait in system calls do not notice probes that come and go', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram('busy-threads')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, ['--threads', '64'])
  const before = captureState(target.pid)
  for (let round = 0; round < 10; round++) {
    await using count = new CountProcess(target.pid, ['libc:*'])
    await count.attached()
    await sleep(100 + round * 10)
    assert.equal((await count.finish()).code, 0)
  }
  assert.match(await target.ask('report'), /^anomalies=0 /, target.stdout.all.join('\n'))
  assert.deepEqual(stateDifferences(before), [])
})
