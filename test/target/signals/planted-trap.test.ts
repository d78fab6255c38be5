import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { address } from '../../../src/bytes/address.js'
import { openRealDoor } from '../../../src/kernel/real-door.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { TargetProcess } from '../../../src/target/target-process.js'
import { buildProgram } from '../../programs/build.js'
import { startTarget } from '../../programs/start-target.js'
import { captureState, stateDifferences } from '../../runtime/target-state.js'
import { installIn } from './install-in.js'
import { loadingCode, PlantedTrap, type TrapCode } from './planted-trap.js'
import { runTrapKills } from './trap-kills.js'

const callsIn = (line: string): bigint => BigInt(/calls=(\d+)/.exec(line)?.[1] ?? '')

async function countsExactly(t: TestContext, kinds: string, code?: TrapCode): Promise<void> {
  const built = await buildProgram('trap-victim')
  if (built.kind === 'missing') return t.skip(built.because)
  await using program = await startTarget(built.path, [kinds])
  const site = address(BigInt(/ready (\w+)/.exec(program.stdout.all[0] ?? '')?.[1] ?? ''))
  const target = TargetProcess.open(openRealDoor(), program.pid)
  assert.ok(!isRefusal(target))
  using open = target
  const state = captureState(program.pid)
  for (let round = 0; round < 3; round++) {
    const before = callsIn(await program.ask('pause', /^calls=/))
    const resident = await installIn(open.door, open)
    assert.ok(!isRefusal(resident), isRefusal(resident) ? resident.because : '')
    const trap = PlantedTrap.plant(open, resident, site, code)
    await program.ask('go', /^calls=/)
    await sleep(300)
    const line = await program.ask('pause', /^calls=/)
    assert.equal(trap.hits(), callsIn(line) - before)
    assert.ok(trap.hits() > 100n)
    await program.ask('go', /^calls=/)
    await sleep(50)
    assert.deepEqual(trap.remove().remaining, [])
    assert.deepEqual(resident.remove().remaining, [])
    assert.match(await program.ask('go', /^calls=/), /wrong=0/)
    assert.deepEqual(stateDifferences(state), [])
  }
}

for (const [what, kinds] of [
  ['ordinary threads', 'nnn'],
  ['threads that block all signals', 'bbn'],
  ['threads that block and unblock all signals', 'ttn'],
  ['threads that make threads', 'ccn'],
  ['threads that handle faults', 'ffn'],
  ['threads of all kinds', 'nbtcfnbtcf'],
] as const) {
  test(`an int3 is counted exactly and harms nothing: ${what}`, (t) => countsExactly(t, kinds))
}

test('a handler reads memory that is not there, in every kind of thread', (t) =>
  countsExactly(t, 'nbtcfnbtcf', loadingCode))

test('a tracer killed anywhere leaves a program that goes on, and clean takes everything out', async (t) => {
  const report = await runTrapKills('nbtcf', 8, Number(process.env['RING3_SEED'] ?? 1))
  if ('missing' in report) return t.skip(report.missing)
  assert.deepEqual(report.problems, [])
  t.diagnostic(JSON.stringify(report))
})
