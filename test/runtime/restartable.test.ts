import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { Tracer } from '../../src/session/tracer.js'
import { buildProgram } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { captureState, stateDifferences } from './target-state.js'

const ROUNDS = 60

/** Starts the program, unless the machine lacks something; afterwards no addition may be lost. */
async function withSequences(t: TestContext, use: (target: Target) => Promise<void>): Promise<void> {
  const built = await buildProgram('restartable')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, [], { ready: /^(ready|no rseq)/ })
  if (target.stdout.all.includes('no rseq')) return t.skip('restartable sequences are not registered by this libc')
  const before = captureState(target.pid)
  await use(target)
  assert.match(await target.ask('report'), /^added=[1-9]\d* aborted=[1-9]\d* lost=0$/)
  assert.deepEqual(stateDifferences(before), [])
}

test('a thread that makes a remote call in a restartable sequence begins that anew', async (t) => {
  await withSequences(t, async (target) => {
    for (let round = 0; round < ROUNDS; round++) {
      const tracer = Tracer.attach(openRealDoor(), target.pid, {}, { via: 'jump' })
      assert.ok(!isRefusal(tracer))
      using attached = tracer
      const made = await attached.count(['restartable:add_either'])
      assert.ok(!isRefusal(made))
      assert.deepEqual(attached.detach(), [])
    }
  })
})

test('no probe leads out of a restartable sequence; one beside it counts, and nothing is lost', async (t) => {
  await withSequences(t, async (target) => {
    const tracer = Tracer.attach(openRealDoor(), target.pid, {}, { via: 'jump' })
    assert.ok(!isRefusal(tracer))
    using attached = tracer
    const made = await attached.count([
      'restartable:*',
      'restartable:add+7',
      'restartable:add+11',
      'restartable:add+17',
    ])
    assert.ok(!isRefusal(made))
    const refused = made.attached.refused.filter(({ code }) => code === 'restartable-sequence')
    assert.deepEqual(refused.map(({ site }) => site).toSorted(), [
      'restartable:add+11',
      'restartable:add+17',
      'restartable:add+7',
      'restartable:add_within',
    ])
    await sleep(300)
    const { counts } = attached.snapshot(made.group)
    assert.ok((counts.get('restartable:add') ?? 0n) > 0n)
    assert.deepEqual(attached.detach(), [])
  })
})
