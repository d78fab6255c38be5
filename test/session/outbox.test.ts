import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunAction } from '../../src/runs/run-action.js'
import { Outbox, takenCount } from '../../src/session/outbox.js'

const printed: RunAction = { kind: 'show', record: { kind: 'printf', text: 'x' } }
const exit: RunAction = { kind: 'exit', code: 0 }

test('what is not taken is lost and counted; received and lost are what was put', () => {
  const taken = takenCount()
  const sent: RunAction[] = []
  const outbox = new Outbox(taken, (actions) => sent.push(...actions))
  for (let put = 0; put < 100_005; put++) outbox.put(printed)
  outbox.put(exit)
  outbox.flush()
  assert.equal(sent.length, 100_002)
  assert.deepEqual(sent.slice(-2), [{ kind: 'show', record: { kind: 'lost', events: 5n } }, exit])
  Atomics.add(new Int32Array(taken), 0, sent.length)
  outbox.put(printed)
  outbox.flush()
  assert.equal(sent.length, 100_003)
})

test('what is put in one turn is sent together, in order', async () => {
  const sent: (readonly RunAction[])[] = []
  const outbox = new Outbox(takenCount(), (actions) => sent.push(actions))
  outbox.put(printed)
  outbox.put(exit)
  await Promise.resolve()
  assert.deepEqual(sent, [[printed, exit]])
})
