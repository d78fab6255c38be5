/** Scripts that run in the target: they are exact, and do no harm, whenever they come and go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { attach, Histogram, KeyedMap, type MapsData, RefusedError } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { type KillVictim, startBusyRedis, startTrapVictim, startVerifier } from '../robustness/kill-victim.js'
import { PseudoRandom } from '../robustness/pseudo-random.js'
import { parseTally } from './exactness-run.js'
import { ring3 } from './ring3-cli.js'
import { ScriptProcess } from './script-process.js'
import { captureState, stateDifferences } from './target-state.js'

const jump = { via: 'jump' } as const

async function startCalls(...args: readonly string[]): Promise<Target | string> {
  const built = await buildProgram('calls')
  return built.kind === 'missing' ? built.because : startTarget(built.path, args)
}

function total(map: MapsData[string]): bigint {
  assert(map instanceof KeyedMap)
  return [...map].reduce((sum, [, value]) => sum + BigInt(Number(value)), 0n)
}

const modes = [
  ['several threads', ['--threads', '4', '--calls', '50000']],
  ['a signal handler that hits amid hits', ['--threads', '2', '--calls', '50000', '--signals', '1']],
  ['threads that come and go', ['--threads', '2', '--calls', '5000', '--births', '500']],
  [
    'children that are not to be counted',
    ['--threads', '2', '--calls', '20000', '--forks', '10', '--vforks', '5', '--spawns', '5'],
  ],
] as const

function missedIn(warning: string): bigint {
  const found = /^WARNING: (\d+) times a handler was left/.exec(warning)
  assert.ok(found !== null, warning)
  return BigInt(found[1] ?? 0)
}

for (const [fact, args] of modes) {
  test(`maps are exact with ${fact}`, async (t) => {
    const started = await startCalls(...args)
    if (typeof started === 'string') return t.skip(started)
    await using target = started
    const before = captureState(target.pid)
    {
      await using session = await attach(target.pid, jump)
      const script = await session.run(`
        uprobe:calls:work { @all = count(); @by[arg0 & 15] = count(); @h = hist(arg0); @s = sum(1) }
        uprobe:calls:work /arg0 & 1/ { @odd = count(); @last = arg0 }
        uprobe:calls:leaf { @leaf = count() }`)
      assert.deepEqual(script.attached?.mechanisms, { jump: 2 })
      const warnings: string[] = []
      script.on('warning', (text) => warnings.push(text))
      script.on('message', (text) => warnings.push(text))
      const tally = parseTally(await target.ask('go', /^counted/, 120_000))
      assert.equal(tally.get('wrong'), 0n)
      assert.equal(tally.get('children'), 0n)
      await script.close()
      // Who waits too long for an entry that another thread is making leaves it, and is counted.
      const missed = warnings.reduce((sum, text) => sum + missedIn(text), 0n)
      t.diagnostic(`${missed} missed`)
      const { all, by, h, s, leaf } = script.maps
      const work = tally.get('work')
      assert(h instanceof Histogram)
      const inBuckets = h.buckets.reduce((sum, { count }) => sum + BigInt(count), 0n)
      assert.deepEqual([BigInt(Number(all)), inBuckets, BigInt(Number(s))], [work, work, work])
      assert.equal(total(by) + missed, work)
      assert.equal(BigInt(Number(leaf)), tally.get('leaf'))
    }
    assert.deepEqual(stateDifferences(before), [])
  })
}

test('a handler is not run on the stack of a goroutine', async (t) => {
  const built = await buildProgram('go-calls')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, [])
  const before = captureState(target.pid)
  await using session = await attach(target.pid, jump)
  await assert.rejects(session.run('uprobe:go-calls:main.work { @[comm, arg0 & 15] = count() }'), /goroutines/)
  assert.match(await target.ask('go', /^counted/, 60_000), / wrong=0$/)
  assert.deepEqual(stateDifferences(before), [])
})

test('every event comes out, in order, or is counted as lost', async (t) => {
  const started = await startCalls('--threads', '4', '--calls', '30000')
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  await using session = await attach(target.pid, jump)
  const script = await session.run('uprobe:calls:work { printf("%d %d", tid, arg0) }')
  let [received, lost] = [0n, 0n]
  const last = new Map<string, number>()
  script.on('printf', (text) => {
    received++
    const [tid = '', number = 0] = [text.split(' ')[0], Number(text.split(' ')[1])]
    assert.ok(number > (last.get(tid) ?? -1), `${number} of thread ${tid} comes after ${last.get(tid)}`)
    last.set(tid, number)
  })
  script.on('lost', (events) => {
    lost += events
  })
  const tally = parseTally(await target.ask('go', /^counted/, 120_000))
  await script.close()
  t.diagnostic(`${received} received, ${lost} lost`)
  assert.equal(received + lost, tally.get('work'))
  assert.equal(last.size, 4)
})

// pages of a ring | events | a second | what is to be seen of them
const paces = [
  [1, 200_000, 1_000_000, 'some'],
  [256, 2_000_000, 0, 'some'],
  // They all have room in the ring, however late the reader is.
  [16_384, 1_000_000, 1_000_000, 'all'],
] as const

for (const [pages, calls, rate, seen] of paces) {
  test(`of ${calls} events ${rate || 'as fast as they go'}, ${seen} come through a ring of ${pages} pages, and none is missing`, async (t) => {
    const built = await buildProgram('paced-calls')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path)
    await using session = await attach(target.pid, jump)
    const script = await session.run(
      `config = { perf_rb_pages = ${pages} } uprobe:paced-calls:tick { printf("%d %d", arg0, arg1) }`,
    )
    let [received, lost, last] = [0, 0n, -1]
    script.on('printf', (text) => {
      const [number, twice] = text.split(' ').map(Number)
      assert.ok(number !== undefined && number > last && twice === 2 * number, text)
      last = number
      received++
    })
    script.on('lost', (events) => {
      lost += events
    })
    t.diagnostic(await target.ask(`calls ${calls} ${rate}`, /^called/, 60_000))
    await script.close()
    t.diagnostic(`${received} received, ${lost} lost`)
    assert.equal(BigInt(received) + lost, BigInt(calls))
    if (seen === 'some') assert.ok(received > 100 && lost > 0n)
    else assert.equal(lost, 0n)
  })
}

for (const sending of ['signal("USR1")', 'signal_thread(10)', 'signal((uint32)arg0 & 1 ? 10 : 10)']) {
  test(`${sending} is delivered before the function that was hit goes on`, async (t) => {
    const built = await buildProgram('paced-calls')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path)
    await using session = await attach(target.pid, jump)
    const text = `uprobe:paced-calls:tick /arg0 % 10 == 3/ { @before = count(); ${sending}; @after = count() }`
    const script = await session.run(text, { unsafe: true })
    assert.match(await target.ask('calls 1000 0', /^called/), / signals 100 late 0$/)
    await script.close()
    assert.deepEqual([script.maps['before'], script.maps['after']], [100, 100])
  })
}

test('a thread that is renamed is soon seen under its new name', async (t) => {
  const built = await buildProgram('paced-calls')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path)
  await using session = await attach(target.pid, jump)
  const script = await session.run('uprobe:paced-calls:tick { @[comm] = count(); @tid = tid }')
  await target.ask('calls 3 0', /^called/)
  await target.ask('name another', /^named/)
  for (let tries = 0; tries < 200; tries++) {
    await target.ask('calls 1 0', /^called/)
    await sleep(20)
    const names = (await script.readMaps())['']
    assert(names instanceof KeyedMap)
    if (names.get('another') !== undefined) break
  }
  await script.close()
  const names = script.maps['']
  assert(names instanceof KeyedMap)
  assert.deepEqual([...names].map(([name]) => name).toSorted(), ['another', 'paced-calls'])
  assert.equal(script.maps['tid'], target.pid)
})

test('BEGIN leaves values to probes, intervals read and clear what probes make, END sees all of it', async (t) => {
  const started = await startCalls('--threads', '2', '--calls', '1000')
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  await using session = await attach(target.pid, jump)
  const script = await session.run(`
    BEGIN { @limit = 500; @kept[1] = 5 }
    uprobe:calls:work /arg0 >= @limit/ { @above[arg0 & 1] = count(); @n = count(); @seen = @limit }
    interval:ms:20 { if (@n == 1000 && @phase == 0) { @limit = 900; zero(@above); clear(@n); @phase = 1 } }
    END { printf("%d %d %d %d", @limit, @above[0], @n, @seen) }`)
  const printed: string[] = []
  script.on('printf', (text) => printed.push(text))
  await target.ask('go', /^counted/, 60_000)
  await sleep(200)
  const between = await script.readMaps()
  assert.equal(between['n'], undefined)
  assert.equal(total(between['above']), 0n)
  await target.ask('go', /^counted/, 60_000)
  await script.close()
  assert.deepEqual(printed, ['900 100 200 900'])
  assert.equal(script.maps['phase'], 1)
})

test('probes tell the time as the tracer does', async (t) => {
  const started = await startCalls('--threads', '1', '--calls', '10')
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  await using session = await attach(target.pid, jump)
  const script = await session.run(`
    BEGIN { @first = nsecs; @firstTai = nsecs(tai) }
    uprobe:calls:work { @boot = nsecs; @tai = nsecs(tai); @monotonic = nsecs(monotonic); @elapsed = elapsed }
    END { @last = nsecs; @lastTai = nsecs(tai); @end = elapsed; @lastMonotonic = nsecs(monotonic) }`)
  await target.ask('go', /^counted/, 60_000)
  await script.close()
  const nanoseconds = (name: string): bigint => BigInt(String(script.maps[name]))
  const ordered = [
    ['first', 'boot', 'last'],
    ['firstTai', 'tai', 'lastTai'],
    ['monotonic', 'lastMonotonic'],
    ['elapsed', 'end'],
  ]
  for (const names of ordered) {
    const values = names.map(nanoseconds)
    assert.deepEqual(
      values,
      values.toSorted((a, b) => (a < b ? -1 : 1)),
      String(names),
    )
    assert.ok((values.at(-1) ?? 0n) - (values.at(-2) ?? 0n) < 5_000_000_000n, String(names))
  }
})

test('what machine code cannot share with BEGIN or an interval is refused, and the target is left alone', async (t) => {
  const started = await startCalls('--threads', '1', '--calls', '10')
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  const before = captureState(target.pid)
  for (const script of [
    'BEGIN { @[1] = 1 } uprobe:calls:work { @[2] = arg0 }',
    'interval:ms:10 { @ = count() } uprobe:calls:work { @ = count() }',
    'END { delete(@, 3) } uprobe:calls:work { @[arg0] = 1 }',
  ]) {
    await using session = await attach(target.pid, jump)
    await assert.rejects(session.run(script), (error) => {
      assert(error instanceof RefusedError, String(error))
      assert.equal(error.refusal.code, 'not-compiled')
      return true
    })
  }
  assert.deepEqual(stateDifferences(before), [])
})

/** Long enough that threads are in it most of the time; a table that has no room makes them wait for each other. */
const slow =
  'config = { max_map_keys = 64 } uprobe:verifier:* { $i = 0; while ($i < 60) { @[$i, tid] = count(); $i++ } }'
const reading = 'uprobe:verifier:* { @[str(arg0, 16), comm] = count(); printf("%d", arg0) }'

for (const [fact, script] of [
  ['slow handlers', slow],
  ['handlers that read memory', reading],
] as const) {
  test(`threads that are in ${fact} when the probes go are let out of them`, async (t) => {
    const victim = await startVerifier()
    if ('missing' in victim) return t.skip(victim.missing)
    await using running = victim
    const before = captureState(running.pid)
    for (let round = 0; round < 3; round++) {
      await using session = await attach(running.pid, jump)
      const run = await session.run(script)
      await sleep(round * 15)
      await run.close()
      assert.deepEqual(await running.problems(), [])
    }
    assert.deepEqual(stateDifferences(before), [])
  })
}

/** Handlers that take long make a program slow: it is given more time to get on. */
async function lastingProblems(victim: KillVictim): Promise<readonly string[]> {
  let problems = await victim.problems()
  for (let tries = 0; tries < 50 && problems.join() === 'the target makes no progress'; tries++)
    problems = await victim.problems()
  return problems
}

const victims = [
  ['verifier', startVerifier, slow, 'jump'],
  ['verifier', startVerifier, reading, 'jump'],
  ['verifier', startVerifier, reading, 'signal'],
  [
    'trap-victim',
    () => startTrapVictim(),
    'uprobe:trap-victim:hot,uprobe:trap-victim:on_alarm { @[str(arg0)] = hist(arg1) }',
    'jump',
  ],
  ['trap-victim', () => startTrapVictim(), 'uprobe:trap-victim:hot { @[arg0 & 7] = count() }', 'signal'],
  [
    'redis',
    startBusyRedis,
    'uprobe:libc:malloc { @bytes = hist(arg0) } uprobe:redis-server:lookupKey* { @[func] = count() }',
    'jump',
  ],
  [
    'redis',
    startBusyRedis,
    'uprobe:redis-server:lookupKey, uprobe:redis-server:lookupKey+4 { @[probe] = count() }',
    'auto',
  ],
] as const

for (const [name, start, script, via] of victims) {
  test(`${name} survives a ring3 that is killed while a script runs in it, by ${via}: ${script}`, async (t) => {
    const victim = await start()
    if ('missing' in victim) return t.skip(victim.missing)
    await using running = victim
    const before = captureState(running.pid)
    const seed = Date.now() % 1_000_000
    t.diagnostic(`seed ${seed}`)
    const random = new PseudoRandom(seed)
    for (let round = 0; round < 3; round++) {
      const run = new ScriptProcess(running.pid, script, ['--via', via])
      if (round % 2 === 0) assert.ok(await run.attached(), run.stderr)
      await sleep(random.below(round % 2 === 0 ? 100 : 1500))
      await run.end('SIGKILL')
      assert.deepEqual(await lastingProblems(running), [], `round ${round}, killed`)
      const cleaned = await ring3(['clean', String(running.pid)])
      assert.equal(cleaned.code, 0, cleaned.stderr)
      assert.deepEqual(await lastingProblems(running), [], `round ${round}, cleaned`)
      assert.deepEqual(stateDifferences(before), [], `round ${round}`)
    }
  })
}

test('redis under load does not notice a histogram of what it allocates', async (t) => {
  const victim = await startBusyRedis()
  if ('missing' in victim) return t.skip(victim.missing)
  await using running = victim
  const before = captureState(running.pid)
  {
    await using session = await attach(running.pid, jump)
    const script = await session.run('uprobe:redis-server:z*alloc* { @bytes = hist(arg0); @by[comm, func] = count() }')
    t.diagnostic(`${script.attached?.probes} probes`)
    await sleep(2000)
    assert.deepEqual(await running.problems(), [])
    await script.close()
    const { bytes, by } = script.maps
    assert(bytes instanceof Histogram)
    const counted = bytes.buckets.reduce((sum, { count }) => sum + BigInt(count), 0n)
    t.diagnostic(`${counted} hits`)
    assert.ok(counted > 1000n)
    assert.equal(total(by), counted)
  }
  assert.deepEqual(await running.problems(), [])
  assert.deepEqual(stateDifferences(before), [])
})
