import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { type FaultyDoor, faultyDoor } from '../../src/kernel/faulty-door.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { cleanProcess } from '../../src/session/clean-process.js'
import { Tracer } from '../../src/session/tracer.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { captureState, stateDifferences } from './target-state.js'

/** More kernel calls than any run makes: the loop ends when a run went through without its fault. */
const CEILING = 2000

/** How one run with a fault ended. */
interface Outcome {
  /** In words; empty when the fault did not matter. */
  readonly said: string
  readonly leftover: boolean
}

async function attachCountDetach(door: FaultyDoor, pid: number): Promise<string> {
  const said: string[] = []
  try {
    // By jumps: what virtual signals add has a test of its own, test/target/signals/failing-calls.
    const tracer = Tracer.attach(door, pid, {}, { via: 'jump' })
    if (isRefusal(tracer)) return tracer.because
    using attached = tracer
    const made = await attached.count(['verifier:*'])
    if (isRefusal(made)) said.push(made.because)
    else attached.snapshot(made.group)
    said.push(...attached.detach())
  } catch (error) {
    assert.ok(error instanceof Error)
    said.push(error.message)
  }
  return said.join('; ')
}

async function runWithFault(door: FaultyDoor, pid: number, before: ReturnType<typeof captureState>): Promise<Outcome> {
  const said = await attachCountDetach(door, pid)
  const leftover = stateDifferences(before).length > 0
  if (leftover) {
    const cleaned = cleanProcess(openRealDoor(), pid, { ignoreOwner: true })
    assert.ok(!isRefusal(cleaned), `clean after call ${door.failed?.name} refused`)
    assert.deepEqual(cleaned.remaining, [])
  }
  return { said, leftover }
}

for (const errno of ['EIO', 'ESRCH', 'ENOMEM'] as const) {
  test(`${errno} from the n-th kernel call, for every n, leaves the target whole or cleanable, and is reported`, async (t) => {
    const built = await buildProgram('verifier')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path, [])
    const before = captureState(target.pid)
    let leftovers = 0
    let silent = 0
    let n = 1
    for (; n < CEILING; n++) {
      const door = faultyDoor(openRealDoor(), n, constants.errno[errno])
      const { said, leftover } = await runWithFault(door, target.pid, before)
      if (door.failed === undefined) break
      if (leftover) leftovers++
      if (said === '') silent++
      assert.ok(!leftover || said !== '', `call ${n}, ${door.failed.name}: something was left and nothing was said`)
      assert.deepEqual(
        stateDifferences(before),
        [],
        `after call ${n}, ${door.failed.name} (${door.failed.purpose ?? ''}): ${said}`,
      )
      assert.ok(target.isRunning(), `the target died after call ${n}, ${door.failed.name}`)
    }
    assert.ok(n > 50 && n < CEILING, `${n} calls`)
    t.diagnostic(
      `${n - 1} calls failed one by one: ${leftovers} left something for clean, ${silent} made no difference`,
    )
  })
}
