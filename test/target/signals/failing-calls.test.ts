import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { faultyDoor } from '../../../src/kernel/faulty-door.js'
import { openRealDoor } from '../../../src/kernel/real-door.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { cleanProcess } from '../../../src/session/clean-process.js'
import { installSignals } from '../../../src/target/signals/install.js'
import type { SignalPlan } from '../../../src/target/signals/plan.js'
import { TargetProcess } from '../../../src/target/target-process.js'
import { buildProgram } from '../../programs/build.js'
import { startTarget } from '../../programs/start-target.js'
import { captureState, stateDifferences } from '../../runtime/target-state.js'
import { planFor } from './install-in.js'

const real = openRealDoor()
const CEILING = 3000
/** Failing every call of every run takes minutes: by default some, another offset each time the step is changed. */
const STEP = Number(process.env['RING3_FAULT_STEP'] ?? 23)

/** What the kernel shows of every thread's signals. */
function signalsOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).map((tid) => {
    const status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1')
    return `${tid} ${(status.match(/^Sig(?:Pnd|Blk|Ign|Cgt):.*$/gm) ?? []).join(' ')}`
  })
}

/** Makes the signals virtual and gives them back, with the n-th call failing. False when there were fewer calls. */
function runWithFault(pid: number, plan: SignalPlan, n: number): boolean {
  const door = faultyDoor(real, n, constants.errno.EIO)
  try {
    const target = TargetProcess.open(door, pid)
    if (isRefusal(target)) return true
    using open = target
    const resident = installSignals(open, plan)
    if (!isRefusal(resident)) resident.remove()
  } catch (error) {
    assert.ok(error instanceof Error && /failed|E[A-Z]+/.test(error.message), String(error))
  }
  return door.failed !== undefined
}

test('whichever kernel call fails, the program has its signals back, at the latest after clean', async (t) => {
  const built = await buildProgram('signal-witness')
  if (built.kind === 'missing') return t.skip(built.because)
  await using other = await startTarget(built.path)
  await other.ask('go', /^done/)
  await using program = await startTarget(built.path)
  const target = TargetProcess.open(real, program.pid)
  assert.ok(!isRefusal(target))
  using open = target
  const plan = await planFor(real, open)
  assert.ok(!isRefusal(plan))
  const before = captureState(program.pid)
  const signals = signalsOf(program.pid)
  let n = 1
  for (; n < CEILING && runWithFault(program.pid, plan, n); n += STEP) {
    if (stateDifferences(before).length > 0) {
      const cleaned = cleanProcess(real, program.pid, { ignoreOwner: true })
      assert.ok(!isRefusal(cleaned))
      assert.deepEqual(cleaned.remaining, [], `clean after call ${n}`)
    }
    assert.deepEqual(stateDifferences(before), [], `after call ${n}`)
    // A thread that waits with another mask has to run, to wait with its own again.
    for (let looks = 0; looks < 100 && String(signalsOf(program.pid)) !== String(signals); looks++) await sleep(5)
    assert.deepEqual(signalsOf(program.pid), signals, `after call ${n}`)
  }
  assert.ok(n > 300 && n < CEILING, `${n} calls`)
  await program.ask('go', /^done/)
  assert.deepEqual(program.stdout.all, other.stdout.all)
})
