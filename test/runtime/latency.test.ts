/** `session.latency` and `ring3 latency`, over a program whose calls last a known time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { attach } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { ring3 } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'

const built = await buildProgram('returns')
const program = built.kind === 'built' ? built.path : ''
const skip = built.kind === 'missing' ? built.because : false

const MS = 1_000_000

test('calls are told apart: one that calls itself takes both times', { skip }, async () => {
  await using target = await startTarget(program)
  const before = captureState(target.pid)
  {
    await using session = await attach(target.pid, { via: 'jump' })
    await using probes = await session.latency('returns:nap')
    await target.ask('nap 50', /called=2 returned=2/)
    const [record, ...others] = await probes.remove()
    assert.ok(record !== undefined && others.length === 0)
    const { site, tid, calls, minNs, averageNs, p50Ns, p99Ns, maxNs } = record
    assert.deepEqual({ site, tid, calls }, { site: 'returns:nap', tid: undefined, calls: 2 })
    assert.ok(minNs >= 50 * MS && maxNs >= minNs + 50 * MS, `${minNs} ${maxNs}`)
    assert.ok(minNs <= p50Ns && p50Ns <= p99Ns && p99Ns <= maxNs, JSON.stringify(record))
    assert.ok(Math.abs(averageNs - (minNs + maxNs) / 2) <= 1, `${averageNs}`)
  }
  assert.deepEqual(stateDifferences(before), [])
})

test('rows are threads where that is asked for, and can be read amid the work', { skip }, async () => {
  await using target = await startTarget(program)
  await using session = await attach(target.pid, { via: 'jump' })
  await using probes = await session.latency(['returns:deep', 'uprobe:returns:nap'], { by: 'tid' })
  assert.deepEqual(await probes.snapshot(), [])
  await target.ask('deep 100', /returned=100/)
  await target.ask('nap 200', /returned=2/)
  const records = await probes.snapshot()
  assert.deepEqual(
    records.map(({ site, tid, calls }) => ({ site, tid, calls })),
    [
      { site: 'returns:nap', tid: target.pid, calls: 2 },
      { site: 'returns:deep', tid: target.pid, calls: 100 },
    ],
  )
})

test('the command prints a line for each thread of a function', { skip }, async () => {
  await using target = await startTarget(program)
  let isOver = false
  const ended = ring3(['latency', '-p', String(target.pid), '-d', '1', '--by', 'tid', '-f', 'json', 'returns:deep'])
  void ended.finally(() => {
    isOver = true
  })
  while (!isOver) {
    await target.ask('deep 3', /returned=3/)
    await sleep(20)
  }
  const { code, stdout, stderr } = await ended
  assert.equal(code, 0, stderr)
  const { type, data } = JSON.parse(stdout)
  assert.deepEqual({ type, site: data.site, tid: data.tid }, { type: 'latency', site: 'returns:deep', tid: target.pid })
  assert.ok(data.calls > 0 && data.calls % 3 === 0 && data.minNs <= data.p50Ns, stdout)
})

test('calls that never return are in no figure', { skip }, async () => {
  await using target = await startTarget(program)
  await using session = await attach(target.pid, { via: 'jump' })
  await using probes = await session.latency('returns:leap')
  await target.ask('leap 300', /called=300 returned=100/)
  const [record] = await probes.remove()
  assert.equal(record?.calls, 100)
})
