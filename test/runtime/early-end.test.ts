import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { attach } from '../../src/ring3.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { CountProcess, missingCli, ring3 } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'

/** Setting up all functions of node takes far longer. */
const PROMPT_MS = 1000
/** Moments of the set-up, after the first symbols are being read. */
const momentsMs = [0, 100, 600]

const script = `console.log('ready'); process.stdin.on('data', () => console.log('alive'))`

function startBigTarget(): Promise<Target> {
  return startTarget(process.execPath, ['-e', script])
}

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} amid the set-up of a big target ends it at once, and leaves the target alone`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    await using target = await startBigTarget()
    const before = captureState(target.pid)
    for (const moment of momentsMs) {
      await using count = new CountProcess(target.pid, ['node:*', 'libc:*'], ['-v'])
      await count.stderr.next(/reading symbols/)
      await sleep(moment)
      const began = performance.now()
      count.signal(signal)
      assert.equal(await count.exited(), exitCode)
      const took = performance.now() - began
      assert.ok(took < PROMPT_MS, `ended ${took} ms after ${signal}, which came after ${moment} ms`)
      assert.match(count.stderr.all.join('\n'), /came before the probes worked: nothing was counted/)
      assert.deepEqual(stateDifferences(before), [])
      assert.equal(await target.ask('?'), 'alive')
    }
  })
}

test('a signal that is aborted while probes work does not cut them short', async () => {
  await using target = await startBigTarget()
  const before = captureState(target.pid)
  const controller = new AbortController()
  const session = await attach(target.pid, { signal: controller.signal })
  const probes = await session.count('libc:write')
  controller.abort()
  await assert.rejects(session.count('libc:read'), { name: 'AbortError' })
  assert.equal(await target.ask('?'), 'alive')
  const { counts } = await probes.snapshot()
  assert.ok((counts.get('libc:write') ?? 0n) > 0n)
  await session.detach()
  assert.deepEqual(stateDifferences(before), [])
})

test('a set-up that is aborted rejects with the reason, and the session is over', async () => {
  await using target = await startBigTarget()
  const before = captureState(target.pid)
  const reason = new Error('enough')
  const controller = new AbortController()
  const session = await attach(target.pid, { signal: controller.signal })
  const probes = session.count('node:*')
  await sleep(100)
  controller.abort(reason)
  await assert.rejects(probes, reason)
  await assert.rejects(session.list('libc:read'), reason)
  await session.detach()
  assert.deepEqual(stateDifferences(before), [])
  await assert.rejects(attach(target.pid, { signal: controller.signal }), reason)
})

test('a target that is killed amid the set-up has ended: that is said, and nothing of the kernel’s words', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  for (const moment of [0, 50, 150, 300, 450, 600]) {
    await using target = await startBigTarget()
    await using count = new CountProcess(target.pid, ['libc:*'], ['-v'])
    await count.stderr.next(/reading symbols/)
    await sleep(moment)
    process.kill(target.pid, 'SIGKILL')
    // Done, where the probes worked before.
    const code = await count.exited()
    const said = count.stderr.all.join('\n')
    assert.ok(code === 3 || code === 0, `${code} after ${moment} ms: ${said}`)
    assert.doesNotMatch(said, /KernelError|ENOENT|ESRCH/)
    assert.match(said, /has ended/)
  }
})

test('latency ends when its target does', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  await using target = await startBigTarget()
  const ended = ring3(['latency', '-p', String(target.pid), 'libc:write'], { timeoutMs: 20_000 })
  await sleep(4000)
  process.kill(target.pid, 'SIGKILL')
  assert.equal((await ended).code, 0)
})

test('a function that is probed already is not counted: neither now nor as never called', async () => {
  await using target = await startBigTarget()
  await using session = await attach(target.pid)
  const first = await session.count('libc:write')
  const second = await session.count('libc:write', 'libc:read')
  assert.equal(await target.ask('?'), 'alive')
  assert.ok(((await first.snapshot()).counts.get('libc:write') ?? 0n) > 0n)
  const { counts } = await second.snapshot()
  assert.deepEqual([...counts.keys()], ['libc:read'])
  assert.equal(second.attached.refused[0]?.site, 'libc:write')
})
