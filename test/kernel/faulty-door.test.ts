import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KernelCall, KernelDoor } from '../../src/kernel/door.js'
import { EIO } from '../../src/kernel/errno.js'
import { faultyDoor } from '../../src/kernel/faulty-door.js'

const getpid: KernelCall = { name: 'getpid', args: [] }
const waiting: readonly KernelCall[] = [
  { name: 'nanosleep', args: [] },
  { name: 'sched_yield', args: [] },
  { name: 'waitid', args: [] },
]

/** Answers with how many calls have reached it. */
function countingDoor(): KernelDoor {
  let calls = 0
  return { invoke: () => ++calls, pointerTo: () => 7n }
}

test('the n-th call fails and does not reach the kernel; the others do', () => {
  const door = faultyDoor(countingDoor(), 3, EIO)
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => door.invoke(getpid)),
    [1, 2, -EIO, 3, 4],
  )
})

test('the door says how many calls there were, and which one it has failed', () => {
  const door = faultyDoor(countingDoor(), 2, EIO)
  door.invoke({ name: 'close', args: [1] })
  assert.deepEqual([door.counted, door.failed], [1, undefined])
  door.invoke(getpid)
  door.invoke({ name: 'close', args: [1] })
  assert.deepEqual([door.counted, door.failed], [3, getpid])
})

test('waiting is neither counted nor failed', () => {
  const door = faultyDoor(countingDoor(), 1, EIO)
  assert.deepEqual(
    waiting.map((each) => door.invoke(each)),
    [1, 2, 3],
  )
  assert.equal(door.counted, 0)
  assert.equal(door.invoke(getpid), -EIO)
})

test('a door that fails no call changes nothing', () => {
  const door = faultyDoor(countingDoor(), 0, EIO)
  assert.deepEqual([door.invoke(getpid), door.invoke(getpid), door.failed], [1, 2, undefined])
  assert.equal(door.pointerTo(new Uint8Array(1)), 7n)
})
