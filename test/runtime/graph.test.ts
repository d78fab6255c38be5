/** `session.graph` and `ring3 graph`: the tree of a known program, beside uftrace’s; threads; a server under load. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CallRecord, CallTree } from '../../src/record/call-record.js'
import { attach, type CallGraph, type GraphOptions } from '../../src/ring3.js'
import { buildProgram, missingTools } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { redisWorkload } from '../workloads/redis-workload.js'
import { runToolWell } from '../workloads/run-tool.js'
import { ring3 } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'

const built = await buildProgram('graph')
const program = built.kind === 'built' ? built.path : ''
const skip = built.kind === 'missing' ? built.because : false

/** What a graph of the program shows while it does what it is asked to. */
async function graphOf(
  pattern: string,
  options: GraphOptions,
  work: (target: Target, graph: CallGraph) => Promise<unknown>,
): Promise<CallTree[]> {
  await using target = await startTarget(program)
  const before = captureState(target.pid)
  const trees: CallTree[] = []
  {
    await using session = await attach(target.pid, { via: 'jump' })
    await using graph = await session.graph(pattern, options)
    await work(target, graph)
    await graph.remove()
    for await (const tree of graph) trees.push(tree)
    assert.equal(graph.lost, 0n)
  }
  assert.deepEqual(stateDifferences(before), [])
  assert.match(await target.ask('go'), /done/)
  return trees
}

/** A line a call, as `uftrace replay` writes it without its columns. */
function linesOf({ site, calls }: CallRecord, indent = ''): string[] {
  const name = site.slice(site.indexOf(':') + 1)
  if (calls.length === 0) return [`${indent}${name}();`]
  return [`${indent}${name}() {`, ...calls.flatMap((call) => linesOf(call, `${indent}  `)), `${indent}} /* ${name} */`]
}

test('the tree is the one that uftrace shows of the same program, built for it', { skip }, async (t) => {
  const missing = missingTools('uftrace')
  if (missing !== undefined) return t.skip(missing)
  const [tree, ...others] = await graphOf('graph:root', {}, (target) => target.ask('go'))
  assert.ok(tree !== undefined && others.length === 0)
  assert.deepEqual(linesOf(tree), await uftraceLines())
})

test('what a pointer leads to comes behind who jumped there; what longjmp ends is unwound', { skip }, async () => {
  const [tree] = await graphOf('graph:crooked', {}, (target) => target.ask('go'))
  assert.ok(tree !== undefined)
  const ends = (call: CallRecord): string =>
    `${call.site.slice(6)}:${call.end}${call.calls
      .map(ends)
      .map((text) => ` (${text})`)
      .join('')}`
  assert.deepEqual(tree.calls.map(ends), [
    'jumps_by_pointer:tail-call (leaf:returned)',
    'even:returned (odd:returned)',
    'jumps_by_pointer:tail-call (leaf:returned)',
    'leaf:returned',
    'catches:returned (leaps:returned (leaf:returned)) (leaps:unwound (leaf:returned)) (leaf:returned)',
  ])
})

async function uftraceLines(): Promise<string[]> {
  const forUftrace = await buildProgram('graph-pg')
  assert.ok(forUftrace.kind === 'built')
  const folder = await mkdtemp(join(tmpdir(), 'ring3-uftrace-'))
  try {
    const data = join(folder, 'data')
    const record = 'echo go | uftrace record --no-libcall -F root -d "$1" "$2"'
    await runToolWell('sh', ['-c', record, 'sh', data, forUftrace.path])
    const replayed = await runToolWell('uftrace', ['replay', '-d', data, '-f', 'none', '--color=no'])
    return replayed.trimEnd().split('\n')
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('threads are told apart, and each call of the root is a tree', { skip }, async () => {
  const trees = await graphOf('graph:root', {}, (target) => target.ask('threads 8'))
  assert.equal(trees.length, 800)
  assert.equal(new Set(trees.map(({ tid }) => tid)).size, 8)
  assert.equal(new Set(trees.map((tree) => linesOf(tree).join('\n'))).size, 1)
  assert.deepEqual(new Set(trees.flatMap(endsOf)), new Set(['returned']))
  for (const tree of trees) checkTimes(tree)
})

function endsOf({ end, calls }: CallRecord): string[] {
  return [end, ...calls.flatMap(endsOf)]
}

function checkTimes({ site, startNs, durationNs = Number.POSITIVE_INFINITY, calls }: CallRecord): void {
  let from = startNs
  for (const call of calls) {
    assert.ok(call.startNs >= from, `${call.site} in ${site} begins before what was before it`)
    from = call.startNs + (call.durationNs ?? 0)
    checkTimes(call)
  }
  assert.ok(from <= startNs + durationNs, `${site} ends before what it has called`)
}

test('roots, depth and what is left out', { skip }, async () => {
  const trees = await graphOf('graph:catches', { depth: 2, notrace: ['graph:leaf'], hide: ['graph:root'] }, (target) =>
    target.ask('go'),
  )
  assert.deepEqual(
    trees.flatMap((tree) => linesOf(tree)),
    ['catches() {', '  leaps();', '  leaps();', '} /* catches */'],
  )
})

test('a graph ends after as many trees as are wanted', { skip }, async () => {
  const trees = await graphOf('graph:leaf', { max: 5 }, async (target, graph) => {
    await target.ask('threads 2')
    while (!graph.isEnded) await target.ask('go')
  })
  assert.deepEqual(
    trees.flatMap((tree) => linesOf(tree)),
    Array(5).fill('leaf();'),
  )
})

test('ring3 graph writes trees, and says what it has probed', { skip }, async () => {
  await using target = await startTarget(program)
  let isOver = false
  const ended = ring3(['graph', '-p', String(target.pid), '-n', '2', '--via', 'jump', 'graph:even'])
  void ended.finally(() => {
    isOver = true
  })
  while (!isOver) await target.ask('go')
  const { code, stdout, stderr } = await ended
  assert.equal(code, 0, stderr)
  const [header, ...lines] = stdout.split('\n')
  assert.equal(header, '# DURATION     TID      FUNCTION')
  assert.match(lines[0] ?? '', new RegExp(`^ {11}\\[ *${target.pid}\\] \\| even\\(\\) \\{$`))
  assert.match(stderr, /probes at work/)
})

test('patterns that name no function are refused, and nothing is touched', { skip }, async () => {
  await using target = await startTarget(program)
  const before = captureState(target.pid)
  {
    await using session = await attach(target.pid)
    await assert.rejects(session.graph('graph:rot'), /no function in .* matches rot; did you mean root\?/)
    await assert.rejects(session.graph('graph:_star?'), /no function that a graph may begin at could be probed/)
    await assert.rejects(session.graph('grph:root'), /grph/)
    await assert.rejects(session.graph('graph:root', { with: ['graph:root+4'] }), /graph:root\+4: .*functions/)
    await assert.rejects(session.graph('uretprobe:graph:root'), /uretprobe/)
  }
  assert.deepEqual(stateDifferences(before), [])
})

test('a target that ends ends the graph, and what was known is shown', { skip }, async () => {
  await using target = await startTarget(program)
  await using session = await attach(target.pid, { via: 'jump' })
  await using graph = await session.graph('graph:root')
  await target.ask('go')
  target.send('quit')
  const trees: CallTree[] = []
  for await (const tree of graph) trees.push(tree)
  assert.equal(trees.length, 1)
  assert.notEqual(graph.over, undefined)
})

/** Most of redis: it takes its time to probe all. */
const SELDOM_CALLED = [...'abefghijklmnoqrstuvwxyz_AR'].map((letter) => `redis-server:${letter}*`)

test('redis under load: whole trees of its commands, and nothing else happens to it', async (t) => {
  const missing = redisWorkload.missing()
  if (missing !== undefined) return t.skip(missing)
  await using redis = await redisWorkload.start()
  const load = redis.startLoad()
  const trees: CallTree[] = []
  {
    const [pid = 0] = redis.pids
    await using session = await attach(pid, { via: 'jump' })
    await using graph = await session.graph('redis-server:processCommand', { max: 200, depth: 4, hide: SELDOM_CALLED })
    for await (const tree of graph) trees.push(tree)
  }
  const { failures, wrongAnswers, requests } = await load.finish()
  assert.deepEqual({ failures, wrongAnswers, some: requests > 100 }, { failures: 0, wrongAnswers: 0, some: true })
  assert.deepEqual(await redis.complaints(), [])
  const whole = trees.filter(({ lost }) => lost === 0)
  assert.ok(whole.length > 50, `${whole.length} of ${trees.length} trees are whole`)
  for (const tree of whole) {
    assert.deepEqual([tree.site, tree.end], ['redis-server:processCommand', 'returned'])
    checkTimes(tree)
  }
  assert.ok(
    whole.some(({ calls }) => calls.some(({ site, calls: inner }) => site === 'redis-server:call' && inner.length > 0)),
  )
})
