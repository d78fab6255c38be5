/** What a target may do while all its threads stay traced, and text of its is int3. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { attach } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { withProgram } from './refusals.js'
import { CountProcess, missingCli } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'
import { ways } from './ways.js'

const breakpoints = ways.filter(({ args }) => args.includes('breakpoint'))
const trapping = ways.filter(({ usesInt3 }) => usesInt3)

for (const { how, args } of [
  { how: 'its first thread', args: ['--exec', '1'] },
  { how: 'another thread', args: ['--exec', '2'] },
]) {
  test(`${how} calls exec while all threads are traced`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    const built = await buildProgram('leaver')
    if (built.kind === 'missing') return t.skip(built.because)
    for (const resume of ['boosted', 'out-of-line']) {
      await using target = await startTarget(built.path, ['--after', '500', ...args])
      await using count = new CountProcess(target.pid, ['leaver:work'], ['--via', 'breakpoint', '--resume', resume])
      await count.attached()
      target.send('go')
      await target.stdout.next(/^ready/, 30_000)
      const { code, counts, stderr } = await count.finish()
      assert.equal(code, 0, stderr)
      assert.ok((counts.get('leaver:work') ?? 0n) > 0n)
      target.send('quit')
      assert.equal(await target.exited, 0)
    }
  })
}

function tallied(line: string): ReadonlyMap<string, number> {
  return new Map([...line.matchAll(/(\w+)=(-?\d+)/g)].map(([, name = '', value]) => [name, Number(value)]))
}

test('no call ends for a signal that the program ignores, but for its time', async (t) => {
  await withProgram(t, 'ignored-signals', [], async (target) => {
    await using session = await attach(target.pid, { via: 'breakpoint' })
    const probes = await session.count('ignored-signals:note')
    const before = tallied(await target.ask('report', /^waits=/))
    await sleep(2000)
    const after = tallied(await target.ask('report', /^waits=/))
    assert.ok((after.get('sent') ?? 0) > (before.get('sent') ?? 0) + 100, 'signals were sent')
    t.diagnostic(`${after.get('waits')} calls and ${after.get('sent')} signals`)
    assert.ok((after.get('waits') ?? 0) > (before.get('waits') ?? 0), 'calls came back')
    assert.equal(after.get('interrupted'), 0)
    assert.ok((await probes.remove()).counts.size > 0)
  })
})

for (const { name, args } of breakpoints.filter((way) => way.name !== 'inline')) {
  test(`${name}: probes come and go under threads that block, fault and are born`, async (t) => {
    await withProgram(t, 'trap-victim', ['nbtcfnbtcf'], async (target) => {
      await target.ask('go', /^calls=/)
      const resume = args.at(-1) === 'boosted' ? 'boosted' : args.at(-1) === 'emulated' ? 'emulated' : 'out-of-line'
      await using session = await attach(target.pid, { via: 'breakpoint', resume })
      for (let round = 0; round < 4; round++) {
        const probes = await session.count('trap-victim:hot', 'trap-victim:on_alarm', 'libc:pthread_sigmask')
        await sleep(50)
        await probes.remove()
      }
      assert.equal(tallied(await target.ask('go', /^calls=/)).get('wrong'), 0)
    })
  })
}

for (const { name, args } of trapping) {
  test(`${name}: a program may write its own text over an int3`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    const built = await buildProgram('self-rewriter')
    if (built.kind === 'missing') return t.skip(built.because)
    for (const [command, sum] of [
      ['restore', 1000],
      ['rewrite', 2000],
    ] as const) {
      await using target = await startTarget(built.path, [])
      // Its own mprotect splits the mapping.
      await target.ask('restore', /^sum=/)
      const before = captureState(target.pid)
      await using count = new CountProcess(target.pid, ['self-rewriter:answer'], args)
      await count.attached()
      assert.equal(await target.ask('go', /^sum=/), 'sum=1000')
      assert.equal(await target.ask(command, /^sum=/, 30_000), `sum=${sum}`)
      const { counts, code, stderr } = await count.finish()
      assert.deepEqual([...counts], [['self-rewriter:answer', 1000n]])
      assert.equal(code === 0, command === 'restore', stderr)
      if (command === 'restore') assert.deepEqual(stateDifferences(before), [])
      else assert.match(stderr, /^ring3: .*changed by somebody else/m)
      assert.equal(await target.ask('go', /^sum=/), `sum=${sum}`)
    }
  })
}
