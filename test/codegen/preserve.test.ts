import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CounterForm } from '../../src/codegen/x64/counter-form.js'
import { perThreadCounter } from '../../src/codegen/x64/per-thread-counter.js'
import type { DeadState } from '../../src/codegen/x64/preserve.js'
import { sharedCounter } from '../../src/codegen/x64/shared-counter.js'
import { counterLayout, counterOffset } from '../../src/store/counter-layout.js'
import { missingTools } from '../programs/build.js'
import { type CodeRun, runAll } from './code-runner.js'
import { CounterTable } from './counter-table.js'
import { countOneSite } from './counting.js'
import { deadStates, inWords } from './dead-states.js'

const FACTOR = 0x9e3779b1
const SITE = 2
const layout = counterLayout({ sites: 3, blocks: 4 })
/** One of them claims a block, then goes the fast way; the other meets it. */
const keys = [0x7f00_1234_5740n, 0x7f00_1234_5740n, 0x7f00_1234_5740n, 0x7e00_1234_5740n, 0x7e00_1234_5740n]

function runOf(form: CounterForm, state: DeadState): CodeRun {
  const made = countOneSite(form, layout, SITE, state)
  return { ...state, made, layout, before: new Map([[0, 1n]]), keys }
}

test('per-thread counting keeps whatever is live, whichever registers are dead, and counts each hit', (t) => {
  const missing = missingTools('gcc')
  if (missing !== undefined) return t.skip(missing)
  const all = deadStates()
  const outcomes = runAll(
    all.map((state) => runOf(perThreadCounter(FACTOR), state)),
    (index) => inWords(all[index] ?? assert.fail()),
  )
  const expected = new CounterTable(layout, FACTOR, 1n)
  for (const key of keys) expected.hit(key, SITE)
  for (const { words } of outcomes) assert.deepEqual(words, expected.words())
  t.diagnostic(`${all.length} combinations of dead registers, dead flags and red zone`)
})

test('shared counting keeps whatever is live, whichever registers are dead, and counts each hit', (t) => {
  const missing = missingTools('gcc')
  if (missing !== undefined) return t.skip(missing)
  const all = deadStates()
  const outcomes = runAll(
    all.map((state) => runOf(sharedCounter, state)),
    (index) => inWords(all[index] ?? assert.fail()),
  )
  const counted = new Map([
    [0, 1n],
    [layout.blocksOffset + counterOffset(SITE), BigInt(keys.length)],
  ])
  for (const { words } of outcomes) assert.deepEqual(words, counted)
})

test('a hit writes at most three registers below the red zone, and the slow path eight words more', (t) => {
  const missing = missingTools('gcc')
  if (missing !== undefined) return t.skip(missing)
  const state: DeadState = { deadRegisters: [], flagsDead: false, redZone: 128 }
  const slow = runOf(perThreadCounter(FACTOR), state)
  const [key = 0n] = keys
  const table = new CounterTable(layout, FACTOR, 1n)
  table.own(table.home(key), key)
  const fast = { ...slow, before: table.words(), keys: [key] }
  const [fastOutcome, slowOutcome] = runAll([fast, slow], () => 'all live')
  assert.deepEqual([fastOutcome?.stackBytes, slowOutcome?.stackBytes], [24, 24 + 8 * 8])
})

test('with two dead registers and dead flags a hit does not touch the stack', (t) => {
  const missing = missingTools('gcc')
  if (missing !== undefined) return t.skip(missing)
  const state: DeadState = { deadRegisters: [1, 2], flagsDead: true, redZone: 128 }
  const run = runOf(perThreadCounter(FACTOR), state)
  const [key = 0n] = keys
  const table = new CounterTable(layout, FACTOR, 1n)
  table.own(table.home(key), key)
  const [outcome] = runAll([{ ...run, before: table.words(), keys: [key] }], () => inWords(state))
  assert.equal(outcome?.stackBytes, 0)
})
