import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openRealDoor } from '../../../src/kernel/real-door.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { TargetProcess } from '../../../src/target/target-process.js'
import { buildProgram } from '../../programs/build.js'
import { startTarget } from '../../programs/start-target.js'
import { captureState, stateDifferences } from '../../runtime/target-state.js'
import { installIn } from './install-in.js'

const ROUNDS = 15

async function waitsStayTrue(t: TestContext): Promise<void> {
  const built = await buildProgram('waiter')
  if (built.kind === 'missing') return t.skip(built.because)
  await using program = await startTarget(built.path)
  const target = TargetProcess.open(openRealDoor(), program.pid)
  assert.ok(!isRefusal(target))
  using open = target
  const state = captureState(program.pid)
  for (let round = 0; round < ROUNDS; round++) {
    const resident = await installIn(open.door, open)
    assert.ok(!isRefusal(resident), isRefusal(resident) ? resident.because : '')
    await sleep(20)
    assert.deepEqual(resident.remove().remaining, [])
  }
  const seen = await program.ask('tell', /^waits=/)
  assert.match(seen, /odd=0/)
  assert.match(seen, /interrupted=[1-9]/)
  t.diagnostic(seen)
  assert.deepEqual(stateDifferences(state), [])
}

test('a wait that a signal ends while its call is taken over or given back ends with EINTR', waitsStayTrue)
