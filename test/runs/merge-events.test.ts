import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mergeEvents, wholeRun } from '../../src/runs/merge-events.js'
import { EventBatch } from '../../src/store/event-batch.js'
import { RECORD } from '../../src/store/event-layout.js'

/** A batch of events with these times. */
function batchOf(times: readonly number[]): EventBatch {
  const bytes = Buffer.alloc(RECORD.payload * times.length)
  for (const [at, time] of times.entries()) bytes.writeBigUInt64LE(BigInt(time), RECORD.payload * at + RECORD.time)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return new EventBatch(
    view,
    Uint32Array.from(times, (_, at) => RECORD.payload * at),
    [],
  )
}

const ascending = fc.array(fc.nat(50), { maxLength: 12 }).map((times) => times.toSorted((a, b) => a - b))

function timesOf(runs: ReturnType<typeof mergeEvents>['runs']): number[] {
  return runs.flatMap(({ events, from, to }) => Array.from({ length: to - from }, (_, at) => events.timeAt(from + at)))
}

test('events of several rings come out in the order of their times, up to a time, and the rest stays', () => {
  fc.assert(
    fc.property(fc.array(ascending, { maxLength: 5 }), fc.nat(60), (rings, until) => {
      const { runs, rest } = mergeEvents(
        rings.map((times) => wholeRun(batchOf(times))),
        until,
      )
      const all = rings.flat().toSorted((a, b) => a - b)
      assert.deepEqual(
        timesOf(runs),
        all.filter((time) => time <= until),
      )
      assert.deepEqual(
        timesOf(rest).toSorted((a, b) => a - b),
        all.filter((time) => time > until),
      )
    }),
  )
})

test('the events of one ring stay in its order, whatever their times', () => {
  const { runs } = mergeEvents([wholeRun(batchOf([5, 3, 9, 8]))], 100)
  assert.deepEqual(timesOf(runs), [5, 3, 9, 8])
})

test('times beyond 2^53 are in order', () => {
  const [a, b] = [batchOf([2 ** 53 + 2]), batchOf([2 ** 53 + 64])]
  assert.deepEqual(timesOf(mergeEvents([wholeRun(b), wholeRun(a)], 2 ** 60).runs), [2 ** 53 + 2, 2 ** 53 + 64])
})
