import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rehearse } from '../../src/session/rehearsal.js'

test('the rehearsal of a stop goes through every step', () => {
  assert.equal(rehearse(), true)
})
