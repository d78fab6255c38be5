/** Scripts with nothing said about mechanisms: where they run, what is said about that, and that it is all the same to the results. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attach, KeyedMap, type MapsData, RefusedError } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import type { ProgramName } from '../programs/program-table.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { parseTally } from './exactness-run.js'
import { ring3 } from './ring3-cli.js'
import { ScriptProcess } from './script-process.js'
import { captureState, stateDifferences } from './target-state.js'

async function start(program: ProgramName, ...args: readonly string[]): Promise<Target | string> {
  const built = await buildProgram(program)
  return built.kind === 'missing' ? built.because : startTarget(built.path, args)
}

function numbers(map: MapsData[string]): number[] {
  assert(map instanceof KeyedMap)
  return [...map].map(([, value]) => Number(value))
}

/** How far behind the beginning of a function its second instruction is. */
async function secondInstruction(pid: number, pattern: string): Promise<number> {
  await using session = await attach(pid)
  const [explanation] = await session.explain(pattern)
  const [, bytes = ''] = explanation?.window?.displaced[0]?.split('  ') ?? []
  return bytes.trim().split(' ').length
}

const modes = [
  ['several threads', []],
  ['a signal handler that hits amid hits', ['--signals', '1']],
  ['threads that come and go', ['--births', '50']],
  ['children', ['--forks', '5', '--vforks', '5', '--spawns', '5']],
] as const

for (const [fact, args] of modes) {
  test(`sites by jump and by signal share the maps of a script, and are exact with ${fact}`, async (t) => {
    const started = await start('calls', '--threads', '3', '--calls', '2000', ...args)
    if (typeof started === 'string') return t.skip(started)
    await using target = started
    const before = captureState(target.pid)
    const second = await secondInstruction(target.pid, 'calls:recurse')
    {
      await using session = await attach(target.pid)
      const run = await session.run(
        `uprobe:calls:recurse, uprobe:calls:recurse+${second}, uprobe:calls:leaf { @[probe] = count(); @all = count() }`,
      )
      assert.deepEqual(run.attached?.mechanisms, { jump: 2, signal: 1 })
      assert.deepEqual(
        run.attached?.passedOver.map(({ mechanisms, probes, code }) => [mechanisms, probes, code]),
        [[['jump'], 1, 'window-overlap']],
      )
      const tally = parseTally(await target.ask('go', /^counted/, 120_000))
      assert.deepEqual([tally.get('wrong'), tally.get('children')], [0n, 0n])
      await run.close()
      const [recurse, leaf] = [Number(tally.get('recurse')), Number(tally.get('leaf'))]
      assert.deepEqual(numbers(run.maps['']), [leaf, recurse, recurse])
      assert.equal(run.maps['all'], 2 * recurse + leaf)
    }
    assert.deepEqual(stateDifferences(before), [])
  })
}

const kept: readonly (readonly [script: string, code: string, because: RegExp])[] = [
  [
    'uprobe:calls:work { if (arg0 == 5000) { print((ustack, ustack(perf), ustack(raw))) } @n = count() }',
    'not-compiled',
    /bytes of stack/,
  ],
  [
    'interval:s:100 { @n = count() } uprobe:calls:work { @n = count() }',
    'not-compiled',
    /^@n is changed by probes and/,
  ],
]

for (const [script, code, because] of kept) {
  test(`the whole script is run at breakpoints: ${script}`, async (t) => {
    const started = await start('calls', '--threads', '2', '--calls', '300')
    if (typeof started === 'string') return t.skip(started)
    await using target = started
    const before = captureState(target.pid)
    {
      await using session = await attach(target.pid)
      const run = await session.run(script)
      assert.deepEqual(run.attached?.mechanisms, { breakpoint: 1 })
      const [reason] = run.attached?.passedOver ?? []
      assert.deepEqual([reason?.mechanisms, reason?.probes, reason?.code], [['jump', 'signal'], 1, code])
      assert.match(reason?.because ?? '', because)
      const tally = parseTally(await target.ask('go', /^counted/, 120_000))
      await run.close()
      assert.equal(run.maps['n'], Number(tally.get('work')))
    }
    assert.deepEqual(stateDifferences(before), [])
  })
}

test('-v says what serves how many probes, and why it is not a cheaper mechanism', async (t) => {
  const built = await buildProgram('ends')
  if (built.kind === 'missing') return t.skip(built.because)
  const script = 'uprobe:ends:work { if (arg0 < 0) { print((ustack, ustack(perf), ustack(raw))) } @ = count() }'
  const { code, stdout, stderr } = await ring3(['-v', '-c', `${built.path} return 10`, '-e', script])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^@: 10$/m)
  assert.match(stderr, /^ring3: 1 probe by breakpoint\nring3: 1 not by jump or signal: not-compiled: .*bytes of stack/m)
})

for (const way of ['return', 'exit', '_exit', 'fork']) {
  test(`nothing is lost when the program ends by ${way} right behind its last call`, async (t) => {
    const built = await buildProgram('ends')
    if (built.kind === 'missing') return t.skip(built.because)
    const script = 'uprobe:ends:work { @ = count(); @last = arg0; if (arg0 >= 2997) { printf("%d\\n", arg0) } }'
    const { code, stdout, stderr } = await ring3(['-v', '-c', `${built.path} ${way} 3000`, '-e', script])
    assert.equal(code, 0, stderr)
    assert.equal(stdout, 'Attached 1 probe\n2997\n2998\n2999\n\n\n@: 3000\n@last: 2999\n', stderr)
    assert.match(stderr, /by (jump|signal)$/m)
    assert.doesNotMatch(stderr, /WARNING/)
  })
}

test('a program ends as ever when the ring3 that it would wait for was killed', async (t) => {
  const started = await start('scripted', 'held')
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  await using run = new ScriptProcess(target.pid, 'uprobe:scripted:tick_even { @ = count() }')
  assert.ok(await run.attached(), run.stderr)
  await run.end('SIGKILL')
  await target.ask('go', /^done/, 30_000)
  target.send('end')
  const before = performance.now()
  assert.equal(await target.exited, 0)
  t.diagnostic(`${Math.round(performance.now() - before)} ms`)
})

test('a program that kills itself is shown as it was at most 50 ms before, and that is said', async (t) => {
  const built = await buildProgram('ends')
  if (built.kind === 'missing') return t.skip(built.because)
  const { stderr } = await ring3(['-c', `${built.path} abort 3000`, '-e', 'uprobe:ends:work { @ = count() }'])
  assert.match(stderr, /WARNING: the target has ended: what its probes did in its last moments is not known\n/)
})

test('debug registers serve scripts that ask for registers alone: every hit is handled, or counted as missed', async (t) => {
  const started = await start('calls', '--threads', '2', '--calls', '2000')
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  await using session = await attach(target.pid, { via: 'hardware' })
  const running = session.run('uprobe:calls:work { @n = count(); @s = sum(arg0); @by[tid, func] = count() }')
  const run = await running.catch((error: unknown) => {
    if (error instanceof RefusedError && /^hardware-/.test(error.refusal.code)) return error.message
    throw error
  })
  if (typeof run === 'string') return t.skip(run)
  assert.deepEqual(run.attached?.mechanisms, { hardware: 1 })
  const messages: string[] = []
  run.on('warning', (text) => messages.push(text))
  const work = Number(parseTally(await target.ask('go', /^counted/, 120_000)).get('work'))
  await run.close()
  const missed = messages.reduce(
    (sum, text) => sum + Number(/^WARNING: (\d+) hits were not handled/.exec(text)?.[1]),
    0,
  )
  const { n, s, by } = run.maps
  t.diagnostic(`${missed} missed of ${work}`)
  assert.equal(Number(n) + missed, work)
  if (missed === 0) assert.equal(s, 2 * ((1999 * 2000) / 2))
  assert.equal(numbers(by).length, 2)
})

test('what a debug register cannot tell of a hit is refused by name', async (t) => {
  const started = await start('calls', '--threads', '1', '--calls', '10')
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  const before = captureState(target.pid)
  for (const [handler, what] of [
    ['printf("%s", str(arg0))', 'memory'],
    ['if (arg0) { $x = *(int32 *)arg0; print($x) }', 'memory'],
    ['@ = nsecs(sw_tai)', 'the processor, or the time of day'],
    ['@[comm] = count()', 'comm'],
    ['join(arg0)', 'memory'],
  ] as const) {
    await using session = await attach(target.pid, { via: 'hardware' })
    await assert.rejects(session.run(`uprobe:calls:work { ${handler} }`), (error) => {
      assert(error instanceof RefusedError, String(error))
      assert.deepEqual([error.refusal.code, error.message.startsWith(what)], ['no-handler', true], error.message)
      return true
    })
  }
  assert.deepEqual(stateDifferences(before), [])
})
