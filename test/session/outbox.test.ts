import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunAction } from '../../src/runs/run-action.js'
import { countTaken, Outbox, takenCount } from '../../src/session/outbox.js'

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
  countTaken(taken, sent.length)
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

test('a burst is as many actions as texts are in it; who is not waited for long loses what is put', () => {
  const taken = takenCount()
  const sent: RunAction[] = []
  const outbox = new Outbox(taken, (actions) => sent.push(...actions))
  const burst: RunAction = {
    kind: 'show',
    record: { kind: 'burst', text: Buffer.alloc(100_000), ends: Uint32Array.from({ length: 100_000 }, (_, at) => at) },
  }
  assert.ok(outbox.hasRoom())
  outbox.put(burst)
  assert.ok(!outbox.hasRoom())
  outbox.waitForRoom()
  assert.deepEqual(sent, [burst])
  outbox.put(burst)
  countTaken(taken, 100_000)
  outbox.waitForRoom()
  outbox.put(printed)
  outbox.flush()
  assert.deepEqual(sent.slice(1), [{ kind: 'show', record: { kind: 'lost', events: 100_000n } }, printed])
})
