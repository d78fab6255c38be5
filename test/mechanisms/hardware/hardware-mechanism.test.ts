import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, address, fileOffset, vaddr } from '../../../src/bytes/address.js'
import { x64 } from '../../../src/isa/x64/x64.js'
import { hardwareMechanism } from '../../../src/mechanisms/hardware/hardware-mechanism.js'
import type { ModuleSites } from '../../../src/probe/site.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { TargetProcess } from '../../../src/target/target-process.js'
import { buildProgram } from '../../programs/build.js'
import { factsOf, loadModule } from '../../symbols/loaded-module.js'
import { door, WatchedTarget } from './watched-target.js'

/** `watched` is at a fixed address: where it is in the target is where it was linked. */
async function moduleWith(path: string, sites: readonly (readonly [string, Address])[]): Promise<ModuleSites> {
  return {
    path,
    start: address(0),
    end: address(0),
    facts: factsOf(await loadModule(path)),
    sites: sites.map(([key, at]) => ({ key, address: at, vaddr: vaddr(Number(at)), fileOffset: fileOffset(0) })),
  }
}

test('planned, installed, read and removed like any mechanism', async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '4'])
  const built = await buildProgram('watched')
  if (watched === undefined || built.kind === 'missing') return
  const target = TargetProcess.open(door, watched.pid)
  assert.ok(!isRefusal(target))
  using open = target
  const names = ['steps', 'quad', 'middle', 'faulting', 'repeat', 'after_syscall']
  const module = await moduleWith(
    built.path,
    names.map((name) => [name, watched.addressOf(name)]),
  )
  const plan = hardwareMechanism(open, x64).plan([module])
  assert.ok(!isRefusal(plan))
  assert.deepEqual(
    plan.refused.map(({ site, refusal }) => [site.key, refusal.code]),
    [
      ['quad', 'not-text'],
      ['after_syscall', 'hardware-exhausted'],
    ],
  )
  const made = plan.install()
  assert.ok(!isRefusal(made))
  assert.deepEqual(
    made.sites.map(({ key }) => key),
    ['steps', 'middle', 'faulting', 'repeat'],
  )
  assert.ok(made.heldNs > 0n)
  const tally = await watched.work()
  const expected = made.sites.map(({ key }) => tally.get(key))
  assert.deepEqual([...(made.read() ?? [])], expected)
  assert.deepEqual(made.remove(), [])
  await watched.work()
  assert.deepEqual([...made.latest()], expected)
})
