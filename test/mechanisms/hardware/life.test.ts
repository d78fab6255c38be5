import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { HardwareProbes } from '../../../src/mechanisms/hardware/hardware-probes.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { buildProgram } from '../../programs/build.js'
import { startTarget } from '../../programs/start-target.js'
import { PseudoRandom } from '../../robustness/pseudo-random.js'
import { nobody, runsAsRoot } from '../../workloads/server-folder.js'
import { TracerProcess } from './tracer-process.js'
import { countsOf, door, expectedOf, installed, WatchedTarget } from './watched-target.js'

/** For each kind of results. */
const KILLS = 25
const names = ['steps', 'middle', 'quad_accesses', 'word']

for (const results of ['counts', 'samples'] as const) {
  test(`a tracer killed ${KILLS} times under load leaves no breakpoint behind, with ${results}`, async (t) => {
    await using watched = await WatchedTarget.start(t, ['--threads', '8', '--births', '5', '--signals', '1'])
    if (watched === undefined) return
    const breakpoints = watched.breakpoints(...names)
    const random = new PseudoRandom(4711)
    let done = false
    const load = (async () => {
      while (!done) await watched.work()
    })()
    for (let kills = 0; kills < KILLS; kills++) {
      await using tracer = new TracerProcess(watched.pid, breakpoints, { mode: 'repeat', results })
      await tracer.outcome()
      await pause(random.below(30))
      await tracer.kill()
      assert.ok(watched.target.isRunning(), `the target died after kill ${kills}`)
      // All four registers of every thread are free, or this would be refused.
      installed(HardwareProbes.install(door, watched.pid, breakpoints, 'counts'))[Symbol.dispose]()
    }
    done = true
    await load
    using probes = installed(HardwareProbes.install(door, watched.pid, breakpoints, 'counts'))
    const tally = await watched.work()
    assert.deepEqual(countsOf(probes, breakpoints), expectedOf([tally], breakpoints))
  })
}

test('an unprivileged user probes a process of his own, and nobody else’s', async (t) => {
  if (!runsAsRoot) return t.skip('only root can become another user')
  await using own = await WatchedTarget.start(t, ['--threads', '2'], { uid: nobody })
  await using other = await WatchedTarget.start(t, [])
  if (own === undefined || other === undefined) return
  const options = { mode: 'hold', results: 'samples', uid: nobody } as const
  await using tracer = new TracerProcess(own.pid, own.breakpoints(...names), options)
  const outcome = await tracer.outcome()
  if (outcome.startsWith('refused hardware-not-permitted') && outcome.includes('paranoid')) return t.skip(outcome)
  assert.equal(outcome, 'installed')
  const tally = await own.work()
  assert.deepEqual(
    await tracer.counts(),
    names.map((name) => tally.get(name)),
  )
  await using refused = new TracerProcess(other.pid, other.breakpoints('steps'), options)
  assert.match(
    await refused.outcome(),
    /^refused hardware-not-permitted the kernel lets ring3 set no debug register of thread \d+: it runs as another user/,
  )
})

test('the counts of a target that has ended can be read', async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '4'])
  if (watched === undefined) return
  const breakpoints = watched.breakpoints(...names)
  using probes = installed(HardwareProbes.install(door, watched.pid, breakpoints, 'counts'))
  const tally = await watched.work()
  watched.target.send('quit')
  assert.equal(await watched.target.exited, 0)
  assert.deepEqual(countsOf(probes, breakpoints), expectedOf([tally], breakpoints))
  const after = HardwareProbes.install(door, watched.pid, breakpoints, 'counts')
  assert.ok(isRefusal(after) && after.code === 'target-gone', JSON.stringify(after))
})

test('exec ends the probes: the same addresses in the new program are others', async (t) => {
  await using twin = await WatchedTarget.start(t, [])
  const built = await buildProgram('watched')
  if (twin === undefined || built.kind === 'missing') return
  await using target = await startTarget('/bin/sh', ['-c', 'echo ready; read line; exec "$0"', built.path])
  const breakpoints = twin.breakpoints(...names)
  using probes = installed(HardwareProbes.install(door, target.pid, breakpoints, 'counts'))
  await target.ask('go', /^ready/)
  const line = await target.ask('go', /^counted/)
  assert.match(line, /steps=100 .* wrong=0/)
  assert.deepEqual([...probes.read()], [0n, 0n, 0n, 0n])
  probes[Symbol.dispose]()
  using again = installed(HardwareProbes.install(door, target.pid, breakpoints, 'counts'))
  await target.ask('go', /^counted/)
  assert.deepEqual([...again.read()], [100n, 500n, 500n, 100n])
})
