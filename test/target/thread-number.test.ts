import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { TargetProcess } from '../../src/target/target-process.js'
import { threadNumberOffset } from '../../src/target/thread-number.js'
import { buildProgram } from '../programs/build.js'
import type { ProgramName } from '../programs/program-table.js'
import { startTarget } from '../programs/start-target.js'

async function offsetIn(name: ProgramName, args: readonly string[]): Promise<number | undefined> {
  const built = await buildProgram(name)
  if (built.kind === 'missing') return undefined
  await using program = await startTarget(built.path, args)
  const target = TargetProcess.open(openRealDoor(), program.pid)
  assert.ok(!isRefusal(target))
  using opened = target
  return threadNumberOffset(opened)
}

for (const name of ['busy-threads', 'calls', 'calls-nonpie'] as const) {
  test(`all threads of ${name} have their numbers at the same offset`, async (t) => {
    const offset = await offsetIn(name, [])
    if (offset === undefined) return t.skip('not built, or a C library that keeps it elsewhere')
    t.diagnostic(`0x${offset.toString(16)}`)
    assert.ok(offset > 0x200 && offset < 0x800 && offset % 8 === 0)
  })
}
