import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { attach, type Hit } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { OutputLines } from '../programs/output-lines.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { parseTally } from './exactness-run.js'
import { captureState, stateDifferences } from './target-state.js'

const CALLS = 2000

async function startCalls(): Promise<Target | string> {
  const built = await buildProgram('calls')
  return built.kind === 'missing'
    ? built.because
    : startTarget(built.path, ['--threads', '2', '--calls', String(CALLS)])
}

test('a handler sees every call with its arguments, and the program goes on as before', async (t) => {
  const started = await startCalls()
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  const before = captureState(target.pid)
  const seen: bigint[] = []
  {
    await using session = await attach(target.pid)
    const probes = await session.probe('calls:work', {
      entry({ site, args, registers }) {
        assert.equal(site, 'calls:work')
        assert.equal(args[0], registers.rdi)
        seen.push(args[0] ?? -1n)
      },
    })
    assert.deepEqual(probes.attached.mechanisms, { breakpoint: 1 })
    const tally = parseTally(await target.ask('go', /^counted/, 120_000))
    assert.equal(tally.get('wrong'), 0n)
    assert.equal(BigInt(seen.length), tally.get('work'))
  }
  const each = Array.from({ length: CALLS }, (_, n) => BigInt(n))
  assert.deepEqual(
    seen.toSorted((a, b) => Number(a - b)),
    each.flatMap((n) => [n, n]),
  )
  assert.deepEqual(stateDifferences(before), [])
})

test('a handler reads memory, skips the function and chooses what it returns', async (t) => {
  const started = await startCalls()
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  await using session = await attach(target.pid)
  let calls = 0
  await session.probe('calls:work', {
    entry(hit) {
      calls++
      if (calls === 10) hit.return(-1n)
      if (calls === 30) assert.throws(() => hit.memory.read(0x10n, 8), RangeError)
      if (calls === 40) assert.equal(hit.memory.read(hit.registers.rip, 1)[0], 0xcc)
    },
  })
  const tally = parseTally(await target.ask('go', /^counted/, 120_000))
  assert.equal(tally.get('wrong'), 1n)
})

test('what a handler throws is reported, and the thread goes on as it was', async (t) => {
  const started = await startCalls()
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  await using session = await attach(target.pid)
  const errors: [unknown, Hit][] = []
  await session.probe('calls:work', {
    entry(hit) {
      hit.registers.rdi = 0n
      throw new Error('no')
    },
    onError: (error, hit) => errors.push([error, hit]),
  })
  const tally = parseTally(await target.ask('go', /^counted/, 120_000))
  assert.equal(tally.get('wrong'), 0n)
  assert.equal(BigInt(errors.length), tally.get('work'))
  assert.match(String(errors[0]?.[0]), /no/)
})

test('Ctrl-C ends a program whose handler never returns, and the target is as it was', async (t) => {
  const started = await startCalls()
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  const before = captureState(target.pid)
  const program = join(import.meta.dirname, '../programs/stuck-handler.js')
  const user = spawn(process.execPath, [program, String(target.pid), 'calls:work'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => user.on('close', (_code, signal) => resolve(signal)))
  const lines = new OutputLines(user.stdout, 'stuck-handler')
  await lines.next(/^ready/, 60_000)
  const counted = target.ask('go', /^counted/, 120_000)
  await lines.next(/^in the handler/, 60_000)
  user.kill('SIGINT')
  assert.equal(await ended, 'SIGINT')
  assert.equal(parseTally(await counted).get('wrong'), 0n)
  for (let tries = 0; tries < 100 && stateDifferences(before).length > 0; tries++) await sleep(100)
  assert.deepEqual(stateDifferences(before), [])
})
