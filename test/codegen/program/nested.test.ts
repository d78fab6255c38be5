import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEADER } from '../../../src/store/program-layout.js'
import { compiled } from '../../lang/run-program.js'
import { missingTools } from '../../programs/build.js'
import { countedEntries, sumOf, warningsOf } from './area-facts.js'
import { states } from './machine-states.js'
import { type AreaReaders, HitRunner, type Nesting, threaded } from './run-hits.js'

const lacking = missingTools('gcc')
const small = { ...threaded, shape: { slots: 2, ringBytes: 4096, stackTableBytes: 0, stackParts: 4 } }
const config = 'config = { max_map_keys = 8 }'

interface NestedCase {
  readonly what: string
  readonly script: string
  readonly nesting: Nesting
  /** Of every map that counts: the hits and what was before. */
  readonly sum?: bigint
  /** Raises the generation of all maps in front of the two hits. */
  readonly clears?: boolean
  readonly check?: (area: AreaReaders) => void
}

const same: Nesting = { prepare: 0, outer: [5n, 5n], inner: [5n, 5n] }
const other: Nesting = { prepare: 0, outer: [5n, 5n], inner: [3n, 5n] }
const keyed = `${config} uprobe:a:b { @[arg0] = count() }`
const deleting = `${config} uprobe:a:b { if (arg1 > 90) { delete(@, arg0) } @[arg0] = count() }`

/** A key that is looked for where key 0 is, in a table of 16 places. */
const beside = firstAtPlace0()

function firstAtPlace0(): bigint {
  for (let key = 1n; ; key++) if (BigInt.asUintN(64, key * 0x9e3779b97f4a7c15n) >> 60n === 0n) return key
}

const cases: readonly NestedCase[] = [
  {
    what: 'aggregates of a thread that is seen for the first time',
    script: 'uprobe:a:b { @a = count(); @b = sum(1); @c = hist(arg0); @d = lhist(arg0, 0, 10, 2) }',
    nesting: other,
    sum: 2n,
  },
  {
    what: 'extremes',
    script: 'uprobe:a:b { @a = max(arg0); @b = min(arg0) }',
    nesting: other,
    check: ({ reader }) =>
      assert.deepEqual(
        [0, 1].map((map) => reader.snapshot(map).entries[0]?.value),
        [
          { kind: 'max', value: 5n },
          { kind: 'min', value: 3n },
        ],
      ),
  },
  { what: 'the same new key', script: keyed, nesting: same, sum: 2n },
  { what: 'two new keys', script: keyed, nesting: other, sum: 2n },
  { what: 'a key that was there', script: keyed, nesting: { ...same, prepare: 6 }, sum: 8n },
  { what: 'the same new key of two words', script: keyed.replace('arg0', 'arg0, 1'), nesting: same, sum: 2n },
  { what: 'the same new key of a map with free places', script: deleting, nesting: same, sum: 2n },
  { what: 'two new keys of a map with free places', script: deleting, nesting: other, sum: 2n },
  {
    what: 'the same new key of two words in a map with free places',
    script: `${config} uprobe:a:b { if (arg1 > 90) { delete(@, (arg0, 1)) } @[arg0, 1] = count() }`,
    nesting: same,
    sum: 2n,
  },
  {
    what: 'a new key, for which a place becomes free that the search has passed',
    script: `${config} uprobe:a:b { if (arg1 > 90) { delete(@, 0) } @[arg0] = count() }`,
    nesting: { prepare: 1, outer: [beside, 5n], inner: [beside, 91n] },
    check: (area) => {
      assert.deepEqual([countedEntries(area, 0), area.reader.missedHits() + sumOf(area, 0)], [1n, 2n])
      assert.equal(area.reader.snapshot(0).entries.length, 1)
    },
  },
  {
    what: 'maps that have been cleared',
    script: `${config} uprobe:a:b { @[arg0] = count(); @b = count(); @c = lhist(arg0, 0, 100, 1); if (arg0 > 90) { clear(@); clear(@b); clear(@c) } }`,
    nesting: { ...same, prepare: 8 },
    clears: true,
    sum: 2n,
  },
  {
    what: 'one key deleted twice',
    script: `${config} uprobe:a:b { if (arg1 < 90) { @[arg0] = 1 } else { delete(@, arg0) } }`,
    nesting: { prepare: 6, outer: [5n, 91n], inner: [5n, 91n] },
    check: (area) => {
      assert.deepEqual([countedEntries(area, 0), warningsOf(area, 'no-such-key')], [5n, 1n])
      assert.equal(area.reader.snapshot(0).entries.length, 5)
    },
  },
  {
    what: 'a key deleted while it is set',
    script: `${config} uprobe:a:b { if (arg1 < 90) { @[arg0] = 1 } else { delete(@, arg0) } }`,
    nesting: { prepare: 3, outer: [5n, 1n], inner: [5n, 91n] },
    check: (area) => assert.equal(countedEntries(area, 0), BigInt(area.reader.snapshot(0).entries.length)),
  },
  ...[3, 100, 101, 102].map((prepare) => ({
    what: `events after ${prepare} of them, in a ring for 102`,
    script: 'uprobe:a:b { printf("%d %d %d", arg0, arg1, 7) }',
    nesting: { ...other, prepare },
    check: ({ reader, rings }: AreaReaders) => {
      const { events, lost, isCorrupt } = rings.drain(reader.usedSlots()[0] ?? assert.fail())
      assert.ok(!isCorrupt)
      assert.equal(BigInt(events.length) + lost, BigInt(prepare + 2))
    },
  })),
  {
    what: 'who the thread is',
    script: 'uprobe:a:b { @[tid, comm] = count(); @b[comm] = count() }',
    nesting: same,
    sum: 2n,
    check: (area) => assert.deepEqual([countedEntries(area, 0), countedEntries(area, 1)], [1n, 1n]),
  },
]

/** Every instruction of a hit is interrupted by another hit of the same handler. */
for (const { what, script, nesting, sum, clears, check } of cases) {
  test(`a hit in front of each instruction of a hit: ${what}`, (t) => {
    if (lacking !== undefined) return t.skip(lacking)
    for (const [at, state] of states.slice(0, 2).entries()) {
      for (const tidOffset of what.startsWith('who') ? [0x2d0, undefined] : [0x2d0]) {
        const machine = { ...small.machine, tidOffset }
        using runner = new HitRunner(compiled(script), state, { ...small, machine })
        const later = new Map(runner.layout.maps.map(({ header }) => [header + HEADER.entries, 1n << 32n]))
        const areas = runner.nest({ ...nesting, ...(clears === true ? { later } : {}) })
        assert.ok(areas.length > 5)
        for (const [instruction, area] of areas.entries()) {
          const place = `state ${at}, instruction ${instruction} of ${areas.length}`
          if (sum !== undefined) assertSums(area, sum, place)
          check?.(area)
        }
      }
    }
  })
}

function assertSums(area: AreaReaders, sum: bigint, place: string): void {
  const { maps } = area.reader.layout
  const missed = area.reader.missedHits()
  assert.ok(missed <= 1n, place)
  const sums = maps.map((_, map) => sumOf(area, map))
  assert.equal(
    sums.reduce((total, one) => total + one, missed),
    BigInt(maps.length) * sum,
    `${place}: ${sums}`,
  )
  for (const [map, { kind }] of maps.entries())
    if (kind === 'table')
      assert.equal(countedEntries(area, map), BigInt(area.reader.snapshot(map).entries.length), place)
}
