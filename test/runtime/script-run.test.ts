import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import {
  attach,
  Histogram,
  KeyedMap,
  launch,
  type RunEnd,
  run,
  ScriptError,
  type ScriptRun,
  Stats,
} from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { parseTally } from './exactness-run.js'
import { ring3 } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'

const CALLS = 500

async function startCalls(): Promise<Target | string> {
  const built = await buildProgram('calls')
  return built.kind === 'missing'
    ? built.because
    : startTarget(built.path, ['--threads', '2', '--calls', String(CALLS)])
}

/** Why a run is over, once it is. */
async function over(script: ScriptRun): Promise<RunEnd> {
  if (script.over === undefined) await once(script, 'over')
  assert(script.over !== undefined)
  return script.over
}

test('a script counts every call, its maps are typed, and the target is left as it was', async (t) => {
  const started = await startCalls()
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  const before = captureState(target.pid)
  {
    await using session = await attach(target.pid)
    const script = await session.run(`
      uprobe:calls:work { @calls = count(); @n = hist(arg0); @s = stats(arg0); @by[comm, arg0 & 1] = count() }
      uprobe:calls:work /arg0 == 3/ { printf("three %s\\n", func) }`)
    assert.deepEqual(script.attached?.mechanisms, { jump: 1 })
    const printed: string[] = []
    script.on('printf', (text) => printed.push(text))
    const tally = parseTally(await target.ask('go', /^counted/, 120_000))
    assert.equal(tally.get('wrong'), 0n)
    const amid = await script.readMaps()
    assert.equal(amid['calls'], 2 * CALLS)
    await script.close()
    const { calls, n, s, by } = script.maps
    assert.equal(BigInt(Number(calls)), tally.get('work'))
    assert(n instanceof Histogram && s instanceof Stats && by instanceof KeyedMap)
    assert.deepEqual(n.buckets[0], { from: 0, to: 1, count: 2 })
    assert.deepEqual([s.count, s.average, s.total], [1000, 249, 249_500])
    assert.equal(by.get('calls', 1), CALLS)
    assert.equal(by.size, 2)
    assert.deepEqual(printed, ['three work\n', 'three work\n'])
  }
  assert.deepEqual(stateDifferences(before), [])
})

test('several scripts work on one target at once', async (t) => {
  const started = await startCalls()
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  await using session = await attach(target.pid)
  await using first = await session.run('uprobe:calls:work { @ = count() }')
  await using second = await session.run('uprobe:calls:leaf { @ = count() }')
  await target.ask('go', /^counted/, 120_000)
  await first.close()
  await second.close()
  assert.deepEqual([first.maps[''], second.maps['']], [2 * CALLS, 2 * CALLS])
})

test('a script that needs no target ends itself', async () => {
  const script = await run('BEGIN { @x = 1 } interval:ms:10 { if (@x++ > 2) { exit(7) } } END { printf("end %d", @x) }')
  const printed: string[] = []
  script.on('printf', (text) => printed.push(text))
  assert.deepEqual(await over(script), { reason: 'exit', code: 7, message: '' })
  await script.close()
  assert.deepEqual(printed, ['end 4'])
  assert.deepEqual(script.maps, { x: 4 })
})

test('a signal to ring3 runs self probes', async () => {
  const script = await run('self:signal:SIGUSR2 { @n++; exit() }')
  process.kill(process.pid, 'SIGUSR2')
  assert.equal((await over(script)).reason, 'exit')
  await script.close()
  assert.deepEqual(script.maps, { n: 1 })
})

test('a script with errors is thrown with a mark at each', async () => {
  await assert.rejects(run('BEGIN { @x = nosuch; printf("%d") }', { name: 'a.bt' }), (error) => {
    assert(error instanceof ScriptError)
    assert.equal(error.diagnostics.length, 2)
    assert.match(error.message, /^a\.bt:1:14-20: ERROR: .*nosuch/)
    return true
  })
  await assert.rejects(run('uprobe:libc:malloc { @ = count() }'), /give one with -p PID/)
})

test('a command is probed from the first instruction of its program, and its end is the end of the run', async (t) => {
  const built = await buildProgram('scripted')
  if (built.kind === 'missing') return t.skip(built.because)
  await using session = await launch(built.path)
  const script = await session.run(
    'uprobe:scripted:main { @main = count() } uprobe:scripted:nested { @[arg0] = count() }',
  )
  session.go()
  assert.equal((await over(script)).reason, 'target-ended')
  await script.close()
  assert.equal(script.maps['main'], 1)
})

test('what has gone wrong in a handler is told with its place', async (t) => {
  const built = await buildProgram('scripted')
  if (built.kind === 'missing') return t.skip(built.because)
  const { code, stderr } = await ring3([
    '-c',
    built.path,
    '-e',
    'uprobe:scripted:nested { $x = *(uint64 *)8; @ = 5 / arg0 }',
  ])
  assert.equal(code, 0)
  assert.match(stderr, /stdin:1:31-43: WARNING: Bad address[^\n]*\n[^\n]*\n {30}~+\n/)
  assert.match(stderr, /WARNING: Divide or modulo by 0[^\n]*result\.\n/)
  assert.match(stderr, /WARNING: Bad address[^\n]*\(6 times\)/)
})

/** Keys are those that the script gives: this must compile, and is checked by the compiler alone. */
export function typedMaps(
  script: ScriptRun,
): readonly [number | bigint | undefined, number | bigint | null | undefined] {
  const { bytes, times } = script.maps
  const first = bytes instanceof Histogram ? bytes.buckets[0]?.from : undefined
  const second = times instanceof Stats ? times.average : undefined
  script.on('printf', (text) => text.trimEnd())
  script.on('map', (name, value) => value instanceof KeyedMap && name.length + value.size)
  return [first, second]
}
