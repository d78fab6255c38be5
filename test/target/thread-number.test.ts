import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { TargetProcess } from '../../src/target/target-process.js'
import { threadNumberOffset } from '../../src/target/thread-number.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'

for (const name of ['busy-threads', 'calls', 'calls-nonpie', 'calls-static'] as const) {
  test(`all threads of ${name} have their numbers at the same offset`, async (t) => {
    const built = await buildProgram(name)
    if (built.kind === 'missing') return t.skip(built.because)
    await using program = await startTarget(built.path)
    const opened = TargetProcess.open(openRealDoor(), program.pid)
    assert.ok(!isRefusal(opened))
    using target = opened
    const offset = threadNumberOffset(target)
    t.diagnostic(`0x${offset?.toString(16)}`)
    assert.ok(offset !== undefined && offset > 0x200 && offset < 0x800 && offset % 8 === 0)
  })
}

test('a C library without robust lists gives no offset', async (t) => {
  const built = await buildProgram('calls-musl')
  if (built.kind === 'missing') return t.skip(built.because)
  await using program = await startTarget(built.path)
  const opened = TargetProcess.open(openRealDoor(), program.pid)
  assert.ok(!isRefusal(opened))
  using target = opened
  assert.equal(threadNumberOffset(target), undefined)
})
