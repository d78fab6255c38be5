import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestTally } from '../../tools/test-tally.js'

test('a tally counts tests, not suites, and a failed part once', () => {
  const tally = new TestTally()
  tally.pass({ name: 'a', details: {} })
  tally.pass({ name: 'suite', details: { type: 'suite' } })
  tally.pass({ name: 'b', details: {}, skip: 'no root' })
  tally.fail({ name: 'part', details: { error: new Error('x') } })
  tally.fail({ name: 'whole', details: { error: Object.assign(new Error('y'), { failureType: 'subtestsFailed' }) } })
  assert.equal(tally.summary(), '1 passed, 1 failed, 1 skipped')
  assert.deepEqual(tally.skipped, [{ name: 'b', file: '', text: 'no root' }])
  assert.equal(tally.isGood, false)
})

test('a run without a test is no good run', () => assert.equal(new TestTally().isGood, false))
