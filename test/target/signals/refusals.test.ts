import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openRealDoor } from '../../../src/kernel/real-door.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { TargetProcess } from '../../../src/target/target-process.js'
import { buildProgram, missingTools } from '../../programs/build.js'
import type { ProgramName } from '../../programs/program-table.js'
import { startTarget } from '../../programs/start-target.js'
import { captureState, stateDifferences } from '../../runtime/target-state.js'
import { installIn } from './install-in.js'

/** Why the signals of a running program cannot be made virtual. */
async function refusedFor(path: string): Promise<{ readonly code: string; readonly because: string }> {
  await using program = await startTarget(path)
  const target = TargetProcess.open(openRealDoor(), program.pid)
  assert.ok(!isRefusal(target))
  using open = target
  const before = captureState(program.pid)
  const refused = await installIn(open.door, open)
  assert.ok(isRefusal(refused))
  assert.deepEqual(stateDifferences(before), [])
  assert.ok(program.isRunning())
  return refused
}

async function pathOf(t: TestContext, name: ProgramName): Promise<string | undefined> {
  const built = await buildProgram(name)
  if (built.kind === 'built') return built.path
  t.skip(built.because)
  return undefined
}

test('a Go program handles every real-time signal: refused', async (t) => {
  const path = await pathOf(t, 'go-calls')
  if (path === undefined) return
  const { code, because } = await refusedFor(path)
  assert.equal(code, 'sigtrap-blockable')
  assert.match(because, /uses so many real-time signals/)
})

test('a program under seccomp is refused', async (t) => {
  const path = await pathOf(t, 'seccomp-strict')
  if (path === undefined) return
  assert.equal((await refusedFor(path)).code, 'seccomp')
})

test('a system call that nothing is known about is refused, with its place', async (t) => {
  const path = await pathOf(t, 'calls-musl')
  if (path === undefined) return
  const lacking = missingTools('strip')
  if (lacking !== undefined) return t.skip(lacking)
  const folder = mkdtempSync(join(tmpdir(), 'ring3-stripped-'))
  try {
    const stripped = join(folder, 'stripped')
    copyFileSync(path, stripped)
    execFileSync('strip', ['--strip-all', '-R', '.eh_frame', stripped])
    const { code, because } = await refusedFor(stripped)
    assert.equal(code, 'sigtrap-blockable')
    assert.match(because, /stripped\+0x[0-9a-f]+ may block SIGTRAP and cannot be interposed: no function is known/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
