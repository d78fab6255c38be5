/** A target whose threads make a fault of their own at every moment has one coming whenever it is stopped, and is left all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KernelDoor } from '../../src/kernel/door.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { sleep as sleepInKernel } from '../../src/kernel/wait.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { type AttachOptions, attach } from '../../src/ring3.js'
import { Tracer } from '../../src/session/tracer.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { captureState, stateDifferences } from './target-state.js'

const ways: readonly AttachOptions[] = [
  { via: 'signal' },
  { via: 'breakpoint', resume: 'out-of-line' },
  { via: 'breakpoint', resume: 'boosted' },
]

for (const options of ways) {
  const name = [options.via, options.resume].filter((each) => each !== undefined).join(', ')
  test(`threads that fault all the time do not keep ring3 from leaving: ${name}`, async (t) => {
    const built = await buildProgram('faulter')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path, ['--threads', '3'])
    const before = captureState(target.pid)
    {
      await using session = await attach(target.pid, options)
      const probes = await session.count('faulter:hot')
      while ((await probes.snapshot()).counts.get('faulter:hot') === 0n) await sleep(10)
      await probes.remove()
    }
    assert.deepEqual(stateDifferences(before), [])
    const [, faults = '0', wrong] = /^made (\d+) wrong=(\d+)/.exec(await target.ask('tell', /^made/)) ?? []
    assert.ok(Number(faults) > 0)
    assert.equal(wrong, '0')
  })
}

/** Between the moment when a thread is traced and the one when it is told to stop. */
const DELAY_US = 1000

/** As on a machine that is busy: a thread that faults is about to get its signal by the time it is told to stop. */
function slowDoor(): KernelDoor {
  const door = openRealDoor()
  return {
    pointerTo: (bytes) => door.pointerTo(bytes),
    invoke(call) {
      if (call.purpose === 'PTRACE_INTERRUPT') sleepInKernel(door, DELAY_US)
      return door.invoke(call)
    },
  }
}

for (const { who, args } of [
  { who: 'threads', args: ['--threads', '3'] },
  { who: 'the first thread, which makes ring3’s calls,', args: ['--threads', '1', '--main', '1'] },
]) {
  test(`nor when the tracer is slow: ${who} at the instruction that faults`, async (t) => {
    const built = await buildProgram('faulter')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path, args)
    const before = captureState(target.pid)
    const tracer = Tracer.attach(slowDoor(), target.pid, {}, { via: 'signal' })
    assert.ok(!isRefusal(tracer))
    using attached = tracer
    const made = await attached.count(['faulter:hot'])
    assert.ok(!isRefusal(made))
    while (attached.snapshot(made.group).counts.get('faulter:hot') === 0n) await sleep(10)
    assert.deepEqual(attached.detach(), [])
    assert.deepEqual(stateDifferences(before), [])
    assert.match(await target.ask('tell', /^made/), /^made [1-9]\d* wrong=0$/)
  })
}
