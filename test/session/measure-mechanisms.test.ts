import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureMechanisms } from '../../src/session/measure-mechanisms.js'

test('a hit by signal costs more than one by jump, and a stop of the tracer more than that', async (t) => {
  const measured = await measureMechanisms()
  const costs = new Map(measured.map(({ name, cost }) => [name, cost]))
  const added = ['jump', 'signal', 'breakpoint'].map((name) => {
    const cost = costs.get(name)
    assert.ok(cost !== undefined, `${name} was measured`)
    return 'because' in cost ? cost.because : cost.addedNs
  })
  const refused = added.find((each) => typeof each === 'string')
  if (refused !== undefined) return t.skip(String(refused))
  assert.deepEqual(
    added.toSorted((a, b) => Number(a) - Number(b)),
    added,
    `nanoseconds: ${added.join(', ')}`,
  )
})
