import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readProcessor } from '../../../src/kernel/processor.js'
import { openRealDoor } from '../../../src/kernel/real-door.js'
import { HEADER, SLOT, slotOffset } from '../../../src/store/program-layout.js'
import { compiled } from '../../lang/run-program.js'
import { missingTools } from '../../programs/build.js'
import { eventList } from '../../store/event-list.js'
import { countedEntries, entriesOf, sumOf, totalOf, warningsOf, wordOf } from './area-facts.js'
import { TID_OFFSET } from './generate-program.js'
import { states } from './machine-states.js'
import { HitRunner, type LiveArea, type Load, type LoadOutcome, threaded } from './run-hits.js'

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

  test(`${threads} threads and signal handlers lose nothing in aggregates under keys that are known`, async (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const outcome = await hammer('uprobe:a:b { @[7] = count(); @[9] = count(); @b[pid] = hist(arg0) }', loadOf(threads))
    assert.deepEqual(
      outcome.reader.layout.maps.map(({ kind }) => kind),
      ['thread-rows', 'thread-rows'],
    )
    const counts = entriesOf(outcome, 0)
    assert.deepEqual(
      [7n, 9n].map((key) => totalOf(counts.get(key))),
      [outcome.hits, outcome.hits],
    )
    assert.deepEqual([counts.size, sumOf(outcome, 1)], [2, outcome.hits])
  })

  test(`${threads} threads and signal handlers lose nothing in aggregates of 1,000 keys`, async (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const script = 'uprobe:a:b { @[arg0] = count(); @b[arg0, 7] = count(); @c[tid] = hist(arg0) }'
    const outcome = await hammer(script, loadOf(threads))
    const missed = outcome.reader.missedHits()
    const counts = entriesOf(outcome, 0)
    const differing = outcome.keys.filter((count, key) => count !== totalOf(counts.get(BigInt(key)))).length
    assert.ok(BigInt(differing) <= missed, `${differing} keys differ, ${missed} hits were missed`)
    assert.deepEqual([counts.size, outcome.reader.snapshot(1).entries.length], [KEYS, KEYS])
    assert.equal(entriesOf(outcome, 2).size, threads)
    assert.equal(sumOf(outcome, 0) + sumOf(outcome, 1) + sumOf(outcome, 2) + missed, 3n * outcome.hits)
    // What is missed of this one is in no sum.
    const greatest = await hammer('uprobe:a:b { @[arg0 & 1] = max(arg0) }', loadOf(threads))
    assert.deepEqual([...entriesOf(greatest, 0)].sort(), [
      [0n, { kind: 'max', value: 998n }],
      [1n, { kind: 'max', value: 999n }],
    ])
    assert.equal(warningsOf(outcome, 'map-full'), 0n)
    t.diagnostic(`${missed} missed`)
  })

  test(`${threads} threads and signal handlers lose no increment of a value`, async (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const script = 'uprobe:a:b { @n++; --@m; @s += arg0; @[arg0]++; @k[arg0, 1] += 2; @set = arg1 }'
    const outcome = await hammer(script, loadOf(threads))
    const wanted = outcome.keys.reduce((sum, count, key) => sum + BigInt(key) * count, 0n)
    assert.deepEqual(
      [0, 1, 2].map((map) => sumOf(outcome, map)),
      [outcome.hits, BigInt.asUintN(64, -outcome.hits), wanted],
    )
    const missed = outcome.reader.missedHits()
    const [singles, doubles] = [sumOf(outcome, 3), sumOf(outcome, 4) / 2n]
    assert.equal(singles + doubles + missed, 2n * outcome.hits)
    assert.ok(sumOf(outcome, 5) < BigInt(threads))
  })

  test(`${threads} threads that delete and insert the same keys make no key twice`, async (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const script = `config = { max_map_keys = 6 } uprobe:a:b {
      if (arg2 % 3 == 0) { delete(@, arg0); delete(@b, (arg0, 1)) } else { @[arg0] = count(); @b[arg0, 1] = arg1 } }`
    const outcome = await hammer(script, { ...loadOf(threads), keys: 8 })
    for (const map of [0, 1]) {
      const { entries } = outcome.reader.snapshot(map)
      assert.equal(countedEntries(outcome, map), BigInt(entries.length))
      assert.ok(entries.length <= 6)
    }
    assert.ok(warningsOf(outcome, 'map-full') > 0n)
    t.diagnostic(`${outcome.reader.missedHits()} missed`)
  })

  test(`${threads} threads whose maps are cleared meanwhile count no entry too many`, async (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const script = `config = { max_map_keys = 600 } uprobe:a:b {
      @[arg0] = count(); @b = count(); if (arg0 > 5000) { clear(@); clear(@b) } }`
    let generation = 0n
    const outcome = await hammer(script, loadOf(threads), (area) => {
      for (const { header } of area.layout.maps) area.writeWord(header + HEADER.entries, ++generation << 32n)
    })
    for (const map of [0, 1]) assert.deepEqual(outcome.reader.snapshot(map).entries, [])
    assert.deepEqual([countedEntries(outcome, 0), generation > 0n], [0n, true])
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
          for (const { event, values } of eventList(drained.events)) {
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

for (const tidOffset of [TID_OFFSET, undefined]) {
  test(`threads that come one after the other are known by number and name, ${tidOffset === undefined ? 'asking the kernel' : 'by a word of theirs'}`, async (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    const surroundings = { ...threaded, machine: { ...threaded.machine, tidOffset } }
    const script = 'uprobe:a:b { @[tid, comm] = count(); @b[comm] = count(); @c[tid] = count() }'
    const outcome = await hammer(script, { ...loadOf(4), calls: 2000, waves: 4 }, undefined, surroundings)
    const wanted = outcome.threads.map(({ tid, name, hits }) => [`${tid} ${name}`, hits])
    const found = outcome.reader.snapshot(0).entries.map(({ key = assert.fail(), value }) => {
      const name = Buffer.from(key).subarray(4, 20).toString('latin1').replace(/\0+$/, '')
      return [`${wordOf(key.subarray(0, 4))} ${name}`, totalOf(value)]
    })
    assert.equal(outcome.reader.missedHits(), 0n)
    assert.deepEqual(found.sort(), wanted.sort())
    assert.equal(outcome.threads.length, 16)
  })
}

test('the number of the processor is the same without rdpid', async (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const possible = BigInt(readProcessor(openRealDoor()).possible ?? 1)
  for (const hasRdpid of [true, false]) {
    if (hasRdpid && !readProcessor(openRealDoor()).flags.has('rdpid')) continue
    const surroundings = { ...threaded, machine: { ...threaded.machine, hasRdpid } }
    const outcome = await hammer(
      'uprobe:a:b { @[cpu] = count() }',
      { ...loadOf(4), calls: 20_000 },
      undefined,
      surroundings,
    )
    const found = entriesOf(outcome, 0)
    assert.ok([...found.keys()].every((processor) => processor < possible))
    assert.equal(sumOf(outcome, 0) + outcome.reader.missedHits(), outcome.hits)
  }
})
