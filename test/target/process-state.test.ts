import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { describeState, hadChildren, readStat, readThreadState } from '../../src/target/process-state.js'
import { pretendTarget } from './pretend-target.js'

const STAT = '/proc/2/stat'

/** proc(5): pid, name, state, then 18 numbers before the start time, and 16 between it and the processor. */
function stat(name: string, state: string, start: string) {
  const fields = ['1', ...new Array<string>(17).fill('0'), start, ...new Array<string>(16).fill('0'), '7', '0']
  return readStat(pretendTarget({ [STAT]: `2 (${name}) ${state} ${fields.join(' ')}\n` }), STAT)
}

for (const name of ['sh', 'a b', 'x) R 1 (y', '((', '))', '', 'new\nline']) {
  test(`a process named ${JSON.stringify(name)} has that name, and its own state and start time`, () => {
    const startTime = 2n ** 64n - 1n
    assert.deepEqual(stat(name, 'S', String(startTime)), {
      name,
      state: 'S',
      startTime,
      processor: 7,
      hadChildren: false,
    })
  })
}

test('a process that is not there has no state', () => {
  assert.equal(readStat(pretendTarget(), STAT), undefined)
  assert.equal(readThreadState(openRealDoor(), process.pid, 0x3fff_ffff), undefined)
})

test('whether there were children is told by their page faults', () => {
  const before = pretendTarget({ [STAT]: '2 (a) S 1 2 2 0 -1 0 0 17 0 0 0' })
  assert.equal(hadChildren(before, 2), true)
})

test('this very thread is running', () => {
  assert.equal(readThreadState(openRealDoor(), process.pid, process.pid), 'R')
})

test('states are told in words, unknown ones by their letter', () => {
  assert.equal(describeState(7, 'D'), 'thread 7 is in uninterruptible sleep (vfork, or waiting for a device)')
  assert.equal(describeState(7, 'I'), 'thread 7 is in state I')
  assert.equal(describeState(7, undefined), 'thread 7 is dead')
})
