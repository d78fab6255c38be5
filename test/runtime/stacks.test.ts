import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { attach, RefusedError, type StackCount } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { captureState, stateDifferences } from './target-state.js'

async function startStacks(t: TestContext): Promise<Target | undefined> {
  const built = await buildProgram('stacks')
  if (built.kind === 'built') return startTarget(built.path)
  t.skip(built.because)
  return undefined
}

/** Outermost first. */
function pathOf({ frames }: StackCount): string {
  return frames
    .map(({ symbol }) => symbol?.name ?? '?')
    .reverse()
    .join(';')
}

test('the stacks at a function are those that lead to it, and the target is left as it was', async (t) => {
  await using target = await startStacks(t)
  if (target === undefined) return
  const before = captureState(target.pid)
  {
    await using session = await attach(target.pid)
    const probes = await session.stacks('stacks:compare')
    await sleep(1000)
    const stacks = await probes.remove()
    assert.ok(stacks.length > 3)
    for (const path of stacks.map(pathOf)) {
      // A signal may also come while main is outside recurse.
      assert.match(path, /^_start;.*;main;(recurse;|(.*;)?handle;)/)
      assert.match(path, /;sort;.*;compare$/)
    }
    assert.ok(
      stacks.map(pathOf).some((path) => /;[^;]+;handle;sort;/.test(path)),
      'signal handlers are seen through',
    )
    assert.equal((await probes.remove()).length, stacks.length)
  }
  assert.deepEqual(stateDifferences(before, captureState(target.pid)), [])
})

test('patterns may begin with uprobe:, and one that names nothing is refused', async (t) => {
  await using target = await startStacks(t)
  if (target === undefined) return
  await using session = await attach(target.pid)
  await assert.rejects(session.stacks('stacks:nosuch'), (error) => {
    assert.ok(error instanceof RefusedError)
    assert.match(error.refusal.because, /^no function in .*\/stacks[^ ]* matches nosuch/)
    return true
  })
  const probes = await session.stacks('uprobe:stacks:leaf')
  assert.equal(probes.attached?.probes, 1)
  await probes.remove()
})

test('what a script has counted by stack has names when the target has ended', async (t) => {
  const target = await startStacks(t)
  if (target === undefined) return
  await using session = await attach(target.pid)
  const probes = await session.stacks('stacks:leaf')
  await sleep(1500)
  await target.stop()
  while (!probes.isOver) await sleep(50)
  const paths = (await probes.remove()).map(pathOf)
  assert.ok(paths.length > 0)
  for (const path of paths) assert.match(path, /^_start;.*;main;.*leaf$/)
})
