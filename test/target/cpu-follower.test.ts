import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAffinity, setAffinity } from '../../src/kernel/affinity.js'
import type { KernelDoor } from '../../src/kernel/door.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { CpuFollower } from '../../src/target/cpu-follower.js'

const door = openRealDoor()
const ownTid = door.invoke({ name: 'gettid', args: [] })

/** Where the follower has put this thread. */
function processors(): number {
  const mask = readAffinity(door)
  assert(mask !== undefined)
  return mask.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
}

function hit(follower: CpuFollower, tids: readonly number[], times: number): void {
  for (let n = 0; n < times; n++) for (const tid of tids) follower.saw(tid)
}

const several = processors() > 1 ? false : 'this process may run on one processor only'

test('hits of one thread make the tracer follow, and rest gives the processors back', { skip: several }, () => {
  const before = readAffinity(door)
  const follower = new CpuFollower(door, process.pid)
  hit(follower, [ownTid], 128)
  assert.equal(follower.follows, true)
  assert.equal(processors(), 1)
  follower.leave()
  assert.equal(follower.follows, false)
  assert.deepEqual(readAffinity(door), before)
})

test('hits of several threads are not followed, and end the following', { skip: several }, () => {
  const before = readAffinity(door)
  const follower = new CpuFollower(door, process.pid)
  hit(follower, [ownTid, 1], 64)
  assert.equal(follower.follows, false)
  hit(follower, [ownTid], 64)
  assert.equal(follower.follows, true)
  hit(follower, [ownTid, 1], 128)
  assert.equal(follower.follows, false)
  assert.deepEqual(readAffinity(door), before)
})

test('hits that have ended are not followed for long', { skip: several }, async () => {
  const follower = new CpuFollower(door, process.pid)
  hit(follower, [ownTid], 128)
  follower.sawNothing()
  assert.equal(follower.follows, true)
  await new Promise((resolve) => setTimeout(resolve, 150))
  follower.sawNothing()
  assert.equal(follower.follows, false)
})

test('a thread that has ended is not followed', () => {
  const follower = new CpuFollower(door, process.pid)
  hit(follower, [0x3fffff], 128)
  assert.equal(follower.follows, false)
})

test('a kernel that does not tell or set processors is lived with', () => {
  const without = (name: string): KernelDoor => ({
    invoke: (call) => (call.name === name ? -38 : door.invoke(call)),
    pointerTo: (bytes) => door.pointerTo(bytes),
  })
  for (const name of ['sched_getaffinity', 'sched_setaffinity']) {
    const follower = new CpuFollower(without(name), process.pid)
    hit(follower, [ownTid], 128)
    assert.equal(follower.follows, false)
  }
})

test('a tracer that was bound to other processors stays there', { skip: several }, () => {
  const before = readAffinity(door)
  assert(before !== undefined)
  const elsewhere = new CpuFollower(
    {
      invoke: (call) => {
        const result = door.invoke(call)
        const [, , mask] = call.args
        if (call.name === 'sched_getaffinity' && mask instanceof Uint8Array) mask.fill(0)
        return result
      },
      pointerTo: (bytes) => door.pointerTo(bytes),
    },
    process.pid,
  )
  hit(elsewhere, [ownTid], 128)
  assert.equal(elsewhere.follows, false)
  assert(setAffinity(door, before))
})
