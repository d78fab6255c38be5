import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pauseAfter, ROUNDS } from '../../src/target/stop-rounds.js'

const pausesUs = Array.from({ length: ROUNDS }, (_, round) => pauseAfter(round))

test('a target that can be left at once is left at once', () => {
  assert.ok(pauseAfter(0) <= 2_000)
})

test('a thread that waits for a processor behind thirty others gets it in one of the later pauses', () => {
  assert.ok(pausesUs.slice(-10).every((pause) => pause >= 30 * 10_000))
})

test('patience has an end', () => {
  assert.ok(pausesUs.reduce((sum, pause) => sum + pause, 0) < 15e6)
})

test('pauses are whole microseconds', () => {
  assert.ok(pausesUs.every(Number.isInteger))
})
