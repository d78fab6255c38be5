import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MapEntry } from '../../../src/store/map-snapshot.js'
import { SLOT, slotOffset } from '../../../src/store/program-layout.js'
import { compiled } from '../../lang/run-program.js'
import { missingTools } from '../../programs/build.js'
import { states } from './machine-states.js'
import { type AreaReaders, HitRunner, type LiveArea, type Load, type LoadOutcome, threaded } from './run-hits.js'

const lacking = missingTools('gcc')
const state = states[0] ?? assert.fail()
const KEYS = 1000

function loadOf(threads: number): Load {
  return { threads, calls: 400_000 / threads, keys: KEYS, microseconds: 40, waves: 1 }
}

async function hammer(
  script: string,
  load: Load,
  meanwhile?: (area: LiveArea) => void,
  surroundings = threaded,
): Promise<LoadOutcome> {
  using runner = new HitRunner(compiled(script), state, surroundings)
  return await runner.hammer(load, meanwhile)
}

/** Entries of a map whose keys are integers. */
function entriesOf({ reader }: AreaReaders, map: number): Map<bigint, MapEntry['value']> {
  const { entries } = reader.snapshot(map)
  const keyed = entries.map(({ key, value }): [bigint, MapEntry['value']] => [wordOf(key ?? assert.fail()), value])
  assert.equal(new Set(keyed.map(([key]) => key)).size, keyed.length, 'a key has one entry')
  return new Map(keyed)
}

function wordOf(bytes: Uint8Array): bigint {
  return Buffer.from(bytes).readBigUInt64LE()
}

function totalOf(value: MapEntry['value'] | undefined): bigint {
  if (value === undefined) return 0n
  if (!('kind' in value)) return wordOf(value)
  if ('total' in value) return value.total
  return 'counts' in value ? [...value.counts.values()].reduce((sum, count) => sum + count, 0n) : assert.fail()
}

function warningsOf({ reader }: AreaReaders, kind: string): bigint {
  return reader.warnings().reduce((sum, warning) => sum + (warning.kind === kind ? BigInt(warning.count) : 0n), 0n)
}

for (const threads of [2, 4]) {
  test(`${threads} threads and signal handlers lose nothing in aggregates without keys`, async (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const script = `uprobe:a:b { @a = count(); @b = sum(arg0); @c = hist(arg0); @d = lhist(arg0, 0, 1000, 50); @e = avg(arg0);
      @f = max(arg0); @g = min(arg0) }`
    const outcome = await hammer(script, loadOf(threads))
    const values = outcome.reader.program.maps.map((_, map) => outcome.reader.snapshot(map).entries[0]?.value)
    const sum = outcome.keys.reduce((total, count, key) => total + BigInt(key) * count, 0n)
    assert.ok(outcome.hits > BigInt(threads * loadOf(threads).calls), 'signal handlers hit too')
    assert.deepEqual(values.slice(0, 5).map(totalOf), [outcome.hits, sum, outcome.hits, outcome.hits, sum])
    assert.deepEqual(values.slice(5), [
      { kind: 'max', value: BigInt(KEYS - 1) },
      { kind: 'min', value: 0n },
    ])
    assert.equal(outcome.reader.missedHits(), 0n)
  })

  test(`${threads} threads and signal handlers lose nothing in aggregates of 1,000 keys`, async (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const outcome = await hammer('uprobe:a:b { @[arg0] = count(); @b[arg0, 7] = sum(arg0 + 1); @c[tid] = hist(arg0) }', loadOf(threads))
    const lost = warningsOf(outcome, 'map-full')
    const counts = entriesOf(outcome, 0)
    assert.equal(counts.size, KEYS)
    if (lost === 0n) assert.deepEqual(outcome.keys.map((_, key) => totalOf(counts.get(BigInt(key)))), outcome.keys)
    const sums = outcome.reader.snapshot(1).entries
    assert.equal(sums.length, KEYS)
    const all = [...counts.values()].map(totalOf).reduce((a, b) => a + b)
    const halves = sums.reduce((total, { key, value }) => total + totalOf(value) / (wordOf(key ?? assert.fail()) + 1n), 0n)
    const byThread = [...entriesOf(outcome, 2).values()].map(totalOf).reduce((a, b) => a + b)
    assert.equal(all + halves + byThread + lost, 3n * outcome.hits)
  })

  test(`${threads} threads and signal handlers: every event is received or counted as lost`, async (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const received = new Map<bigint, bigint[]>()
    let [count, lost] = [0n, 0n]
    const outcome = await hammer(
      'uprobe:a:b { if (arg0 & 1) { printf("%d %d", arg1, arg0) } else { printf("%d %d %d", arg1, arg0, 7) } }',
      loadOf(threads),
      (area) => {
        lost = 0n
        for (const slot of area.reader.usedSlots()) {
          const drained = area.rings.drain(slot)
          assert.ok(!drained.isCorrupt)
          lost += drained.lost
          for (const { event, values } of drained.records) {
            const [thread, key] = values.map(wordOf)
            assert.equal(event, key !== undefined && key & 1n ? 0 : 1)
            received.set(thread ?? -1n, received.get(thread ?? -1n) ?? [])
            count++
          }
          area.writeWord(slotOffset(area.layout, slot) + SLOT.tail, drained.tail)
        }
      },
    )
    assert.equal(count + lost, outcome.hits)
    assert.ok(count > 0n && received.size === threads)
    t.diagnostic(`${count} received, ${lost} lost`)
  })
}
