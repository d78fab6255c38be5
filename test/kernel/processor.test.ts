import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { PretendProcess } from '../../src/kernel/pretend-process.js'
import { onlineProcessors } from '../../src/kernel/processor.js'
import { openRealDoor } from '../../src/kernel/real-door.js'

for (const [text, numbers] of [
  ['0\n', [0]],
  ['0-3\n', [0, 1, 2, 3]],
  ['0-1,4,6-7\n', [0, 1, 4, 6, 7]],
] as const) {
  test(`the processors ${text.trim()} are ${numbers.join(' ')}`, () => {
    const files = { '/sys/devices/system/cpu/online': Buffer.from(text) }
    assert.deepEqual(onlineProcessors(new PretendProcess({ files, directories: {} })), numbers)
  })
}

test('at least as many processors run as this process may use', () => {
  assert.ok(onlineProcessors(openRealDoor()).length >= availableParallelism())
})
