import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { perThreadCounter } from '../../src/codegen/x64/per-thread-counter.js'
import { blockOffset, counterLayout, counterOffset, DIRECTORY_OFFSET } from '../../src/store/counter-layout.js'
import { missingTools } from '../programs/build.js'
import { type CodeRun, runAll } from './code-runner.js'
import { CounterTable } from './counter-table.js'
import { allLive, countOneSite } from './counting.js'

const FACTOR = 0x9e3779b1
const lacking = missingTools('gcc')

/** Thread pointers as they are: page-aligned blocks of thread stacks, far apart in the upper half. */
function threadPointer(number: number): bigint {
  return 0x7f5a_0000_0740n + BigInt(number) * 0x80_1000n
}

/** As many keys as wanted that all begin their search at the same block. */
function colliding(table: CounterTable, block: number, count: number): bigint[] {
  const keys: bigint[] = []
  for (let number = 0; keys.length < count; number++) {
    if (table.home(threadPointer(number)) === block) keys.push(threadPointer(number))
  }
  return keys
}

interface Scenario {
  readonly table: CounterTable
  readonly keys: readonly bigint[]
  readonly site: number
}

function runOf({ table, keys, site }: Scenario): CodeRun {
  const made = countOneSite(perThreadCounter(table.factor), table.layout, site)
  return { ...allLive, made, layout: table.layout, before: table.words(), keys }
}

/** What the processor leaves in the data area, which is also what the table is meant to hold. */
function played(scenario: Scenario): Map<number, bigint> {
  const [outcome] = runAll([runOf(scenario)], () => 'scenario')
  for (const key of scenario.keys) scenario.table.hit(key, scenario.site)
  assert.deepEqual(outcome?.words, scenario.table.words())
  return scenario.table.words()
}

function freshTable(blocks: number, sites = 4, live = 1n): CounterTable {
  return new CounterTable(counterLayout({ sites, blocks }), FACTOR, live)
}

test('the first hit of a thread claims the block at its hash, enters it in the directory and counts there', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const table = freshTable(16)
  const key = threadPointer(7)
  const words = played({ table, keys: [key], site: 3 })
  const block = blockOffset(table.layout, table.home(key))
  assert.equal(words.get(block), key)
  assert.equal(words.get(block + counterOffset(3)), 1n)
  assert.equal(table.bytes.readUInt8(DIRECTORY_OFFSET + table.home(key)), 1)
})

test('threads whose keys collide get a block each, around the end of the table too', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const table = freshTable(16)
  const keys = colliding(table, 14, 6)
  const words = played({ table, keys: [...keys, ...keys, ...keys.toReversed()], site: 0 })
  const owners = [14, 15, 0, 1, 2, 3].map((block) => words.get(blockOffset(table.layout, block)))
  assert.deepEqual(owners, keys)
  for (const block of [14, 15, 0, 1, 2, 3]) {
    assert.equal(words.get(blockOffset(table.layout, block) + counterOffset(0)), 3n)
  }
})

test('a full table sends everybody else to the overflow block, and its owners still to their own', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const table = freshTable(4)
  const keys = Array.from({ length: 9 }, (_, number) => threadPointer(number))
  const words = played({ table, keys: [...keys, ...keys], site: 1 })
  const overflow = table.layout.overflowOffset ?? assert.fail()
  assert.equal(words.get(overflow + counterOffset(1)), 10n)
  assert.equal(words.get(overflow), undefined, 'the overflow block has no owner')
})

test('memory that was wiped counts nothing and is not written to', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const table = freshTable(4, 4, 0n)
  assert.equal(played({ table, keys: [1, 2, 3, 4, 5, 6].map(threadPointer), site: 0 }).size, 0)
})

test('a counter carries into its upper half, and into nothing beyond', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const table = freshTable(4)
  const key = threadPointer(0)
  table.own(table.home(key), key)
  const at = blockOffset(table.layout, table.home(key)) + counterOffset(2)
  table.bytes.writeBigUInt64LE(0xffff_ffffn, at)
  const run = runOf({ table, keys: [key], site: 2 })
  const [outcome] = runAll([run], () => 'carry')
  assert.equal(outcome?.words.get(at), 0x1_0000_0000n)
  assert.equal(outcome?.words.get(at + 8), undefined)
})

test('keys that agree in their low 32 bits are told apart', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const table = freshTable(8)
  const keys = [0x7f5a_0000_0740n, 0x7e5a_0000_0740n, 0x1_7f5a_0000_0740n]
  const words = played({ table, keys: [...keys, ...keys], site: 0 })
  assert.equal([...words.values()].filter((word) => keys.includes(word)).length, 3)
})

test('whatever the table holds and whoever hits, the processor leaves what the table is meant to hold', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const scenario = fc.record({
    blocksShift: fc.integer({ min: 1, max: 9 }),
    sites: fc.integer({ min: 1, max: 70 }),
    owned: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 8 }),
    hits: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 60 }),
    factor: fc.constantFrom(FACTOR, 0x85ebca6b, 1),
  })
  const scenarios = fc
    .sample(scenario, { numRuns: 300, seed: 3 })
    .map(({ blocksShift, sites, owned, hits, factor }) => {
      const table = new CounterTable(counterLayout({ sites, blocks: 2 ** blocksShift }), factor, 1n)
      for (const number of owned) table.hit(threadPointer(number), 0)
      return { table, keys: hits.map(threadPointer), site: sites - 1 }
    })
  const outcomes = runAll(scenarios.map(runOf), (index) => `scenario ${index}`)
  scenarios.forEach(({ table, keys, site }, index) => {
    for (const key of keys) table.hit(key, site)
    assert.deepEqual(outcomes[index]?.words, table.words(), `scenario ${index}`)
  })
})
