import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attach } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'

const CYCLES = 20

for (const [maker, argument] of [
  ['the main thread', 'main'],
  ['another thread', 'other'],
] as const) {
  test(`no call ends for the children that ${maker} makes while ring3 comes and goes`, async (t) => {
    const built = await buildProgram('child-maker')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path, [argument])
    await using session = await attach(target.pid, { via: 'jump' })
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const probes = await session.count('libc:epoll_wait')
      assert.equal(probes.attached.mechanisms['jump'], 1)
      await probes.remove()
    }
    const seen = await target.ask('tell', /^children=/)
    t.diagnostic(seen)
    assert.match(seen, /children=[1-9]\d* waits=[1-9]\d* interrupted=0$/)
  })
}
