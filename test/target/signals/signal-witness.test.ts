import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { openRealDoor } from '../../../src/kernel/real-door.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import type { ResidentSignals } from '../../../src/target/signals/resident-signals.js'
import { TargetProcess } from '../../../src/target/target-process.js'
import { buildProgram } from '../../programs/build.js'
import type { ProgramName } from '../../programs/program-table.js'
import { startTarget, type Target } from '../../programs/start-target.js'
import { captureState, stateDifferences } from '../../runtime/target-state.js'
import { installIn } from './install-in.js'

const door = openRealDoor()

/** The signal masks that the kernel shows of a process and its first thread. */
function signalMasks(pid: number): string {
  return (readFileSync(`/proc/${pid}/status`, 'latin1').match(/^Sig(?:Pnd|Blk|Ign|Cgt):.*$/gm) ?? []).join('\n')
}

async function unprobed(path: string): Promise<readonly string[]> {
  await using program = await startTarget(path)
  await program.ask('go', /^done/)
  return [...program.stdout.all]
}

async function probedFor(program: Target, work: (resident: ResidentSignals) => Promise<void>): Promise<void> {
  const target = TargetProcess.open(door, program.pid)
  assert.ok(!isRefusal(target))
  using open = target
  const resident = await installIn(door, open)
  assert.ok(!isRefusal(resident), isRefusal(resident) ? resident.because : '')
  await work(resident)
  assert.deepEqual(resident.remove().remaining, [])
}

async function seesNothing(t: TestContext, name: ProgramName): Promise<void> {
  const built = await buildProgram(name)
  if (built.kind === 'missing') return t.skip(built.because)
  const expected = await unprobed(built.path)
  await using program = await startTarget(built.path)
  await probedFor(program, async () => {
    await program.ask('go', /^done/)
  })
  assert.deepEqual(program.stdout.all, expected)
  assert.ok(program.isRunning())
}

for (const name of ['signal-witness', 'signal-witness-static', 'signal-witness-musl'] as const) {
  test(`${name}: a program sees the same of its signals, virtual or not`, (t) => seesNothing(t, name))
}

test('a program sees the same after its signals were virtual for a while', async (t) => {
  const built = await buildProgram('signal-witness')
  if (built.kind === 'missing') return t.skip(built.because)
  const expected = await unprobed(built.path)
  await using program = await startTarget(built.path)
  const before = captureState(program.pid)
  const masks = signalMasks(program.pid)
  for (let round = 0; round < 3; round++) {
    await probedFor(program, async () => assert.notEqual(signalMasks(program.pid), masks))
    assert.equal(signalMasks(program.pid), masks)
    assert.deepEqual(stateDifferences(before), [])
  }
  await program.ask('go', /^done/)
  assert.deepEqual(program.stdout.all, expected)
})
