/** Watchpoints of scripts: exact, beside other probes, as bpftrace has them, and refused in a sentence where they cannot be had. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { attach, KeyedMap, RefusedError, ScriptError } from '../../src/ring3.js'
import { bpftraceMissing } from '../lang/bpftrace-oracle.js'
import { WatchedTarget } from '../mechanisms/hardware/watched-target.js'
import { CountProcess } from './ring3-cli.js'
import { ScriptProcess } from './script-process.js'
import { captureState, stateDifferences } from './target-state.js'

/** Where struct `watched` of watched.c has what the program counts. */
const QUAD = 8

test('accesses are exact, of threads that were born later too, and cost no byte of the target', async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '3', '--rounds', '20', '--births', '5'])
  if (watched === undefined) return
  const before = captureState(watched.pid)
  await using session = await attach(watched.pid)
  const at = (name: string): string => `watchpoint:0x${watched.addressOf(name).toString(16)}`
  const run = await session.run(`
    ${at('quad')}:8:w { @w = count(); @by[tid] = count() }
    ${at('quad')}:8:w { @again = count() }
    ${at('quad')}:8:rw { @rw = count() }
    ${at('word')}:4:w, w:0x${watched.addressOf('half').toString(16)}:2:w { @[probe] = count() }`)
  assert.deepEqual(run.attached?.mechanisms, { hardware: 4 })
  assert.deepEqual(stateDifferences(before), [])
  const tally = await watched.work()
  await run.close()
  const { w, again, rw, by, '': two } = run.maps
  const expected = ['quad', 'quad', 'quad_accesses'].map((name) => Number(tally.get(name)))
  assert.deepEqual([w, again, rw].map(Number), expected)
  assert(by instanceof KeyedMap && two instanceof KeyedMap)
  assert.equal([...by].length, 3 + 2 * 5)
  assert.deepEqual(
    [...two].map(([, count]) => Number(count)).sort(),
    [Number(tally.get('word')), Number(tally.get('half'))].sort(),
  )
})

test('a variable is watched by its name, beside functions by jump, which share no map with it', async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '1', '--rounds', '30'])
  if (watched === undefined) return
  await using session = await attach(watched.pid)
  const run = await session.run(`
    watchpoint:watched:watched+${QUAD}:8:w { @w = count(); if (@last > nsecs) { @back = count() } @last = nsecs }
    uprobe:watched:run_thread { @threads = count() }`)
  assert.deepEqual(run.attached?.mechanisms, { hardware: 1, jump: 1 })
  const tally = await watched.work()
  await run.close()
  const { w, threads, back } = run.maps
  assert.deepEqual([Number(w), threads, back], [Number(tally.get('quad')), 1, undefined])
  const probes = await session.count(`watchpoint:watched:watched+${QUAD}:8:w`)
  const again = await watched.work()
  const { counts } = await probes.remove()
  assert.deepEqual([...counts.values()], [again.get('quad')])
})

test('threads, addresses and counts are those of the installed bpftrace', {
  skip: bpftraceMissing() ?? false,
}, async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '2', '--rounds', '10'])
  if (watched === undefined) return
  const where = `watchpoint:0x${watched.addressOf('quad').toString(16)}:8:rw`
  const script = `BEGIN { printf("ready\\n"); } ${where} { @[tid, reg("ip"), reg("sp")] = count(); }`
  const other = spawn('bpftrace', ['-B', 'line', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(other, 'close')
  const theirs: string[] = []
  other.stdout.setEncoding('utf8').on('data', (text: string) => theirs.push(text))
  try {
    while (!/ready/.test(theirs.join(''))) await once(other.stdout, 'data', { signal: AbortSignal.timeout(30_000) })
    await using ours = new ScriptProcess(watched.pid, script)
    assert.ok(await ours.attached(), ours.stderr)
    await watched.work()
    await ours.end()
    other.kill('SIGINT')
    await closed
    // What the kernel does for a thread, bpftrace shows, too.
    const counted = (text: string): string[] =>
      text
        .split('\n')
        .filter((line) => /^@\[\d+, \d+, \d+\]/.test(line))
        .sort()
    assert.ok(counted(ours.stdout).length > 2)
    assert.deepEqual(counted(ours.stdout), counted(theirs.join('')))
  } finally {
    other.kill('SIGKILL')
  }
})

// script | what is said
const refused: readonly [string, RegExp][] = [
  ['A:8:r { @ = count() }', /cannot watch for reading alone/],
  ['A:8:rwx { @ = count() }', /it has w, rw and x/],
  ['A:3:w { @ = count() }', /1, 2, 4 or 8, not 3/],
  ['A1:8:w { @ = count() }', /multiple of 8/],
  ['A { @ = count() }', /watchpoint:ADDRESS:LENGTH:MODE/],
  ['watchpoint:0xffffffff81000000:8:w { @ = count() }', /no address of a process/],
  ['watchpoint:0x800000000000:8:w { @ = count() }', /0x800000000000 is no address of a process/],
  ['watchpoint:steps+arg0:8:w { @ = count() }', /cannot be an argument of a function yet/],
  ['asyncwatchpoint:steps+arg0:8:w { @ = count() }', /asyncwatchpoint probes: /],
  ['A:1:w, A:2:w, A:4:w, A:8:w, A:8:rw { @ = count() }', /A:8:rw: the processor has four debug registers/],
  ['watchpoint:watched:wached:8:w { @ = count() }', /no variable in .* is called wached; did you mean watched\?/],
  ['watchpoint:watched:watched+4096:8:w { @ = count() }', /watched has \d+ bytes/],
  ['watchpoint:nowhere:watched:8:w { @ = count() }', /no module of the target is called nowhere/],
  ['watchpoint:watched:watched:8:x { @ = count() }', /variables are not executed/],
  ['A:8:w { printf("%d", *(int64 *)0xA) }', /^memory cannot be had at a debug register/],
  ['A:8:w { @[comm] = count() }', /^comm or an owner cannot/],
  ['A:8:w { @[cpu] = count() }', /^the processor, or the time of day, cannot/],
  ['A:8:w { @[arg0] = count() }', /arg0 builtin can only be used with 'uprobe' probes/],
  ['A:8:w { @[ustack] = count() }', /ustack builtin can only be used with/],
]

test('what cannot be watched, or told, is refused in a sentence', async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '1', '--rounds', '1'])
  if (watched === undefined) return
  await using session = await attach(watched.pid)
  const at = watched.addressOf('quad').toString(16)
  for (const [text, sentence] of refused) {
    const script = text
      .replace(/\bA1/g, `watchpoint:0x${at.slice(0, -1)}1`)
      .replace(/\b0xA\b/g, `0x${at}`)
      .replace(/\bA\b/g, `watchpoint:0x${at}`)
    const said = new RegExp(sentence.source.replace(/^A/, `watchpoint:0x${at}`))
    await assert.rejects(session.run(script), (error) => {
      assert(error instanceof RefusedError || error instanceof ScriptError, String(error))
      assert.match(error.message, said, script)
      return true
    })
  }
  assert.equal((await watched.work()).get('wrong'), 0n)
})

test('Ctrl-C ends a count of nothing but watchpoints, and shows it', async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '1', '--rounds', '10'])
  if (watched === undefined) return
  const pattern = `watchpoint:0x${watched.addressOf('quad').toString(16)}:8:w`
  await using count = new CountProcess(watched.pid, [pattern])
  assert.deepEqual((await count.attached()).probes, 1)
  const tally = await watched.work()
  const { code, counts, stderr } = await count.finish()
  assert.deepEqual([code, [...counts]], [0, [[pattern, tally.get('quad')]]], stderr)
})
