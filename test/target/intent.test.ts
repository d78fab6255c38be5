import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { address } from '../../src/bytes/address.js'
import { encodeIntent, findIntent, INTENT_ROOM, type Intent } from '../../src/target/intent.js'

/** Objects that compare equal to those of the code under test. */
const plain = { noNullPrototype: true }
const words = fc.bigInt(0n, 2n ** 64n - 1n)
const intents = fc.record(
  {
    stub: words.map(address),
    covered: fc.uint8Array({ minLength: 9, maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
    ranges: fc.array(fc.record({ start: words.map(address), size: fc.integer({ min: 0, max: 2 ** 45 }) }, plain), {
      maxLength: 64,
    }),
    owner: fc.record({ pid: fc.nat(2 ** 32 - 1), startTime: words }, plain),
  },
  plain,
)

function stackWith(intent: Intent, offset: number): Buffer {
  const stack = Buffer.alloc(offset + INTENT_ROOM + 100)
  encodeIntent(intent).copy(stack, offset)
  return stack
}

test('an intent is found wherever in the stack it lies, as it was written', () => {
  fc.assert(
    fc.property(intents, fc.nat(5000), (intent, offset) => {
      assert.deepEqual(findIntent(stackWith(intent, offset)), { offset, intent })
    }),
  )
})

test('an intent takes no more than its room', () => {
  fc.assert(fc.property(intents, (intent) => assert.ok(encodeIntent(intent).length <= INTENT_ROOM)))
})

test('a stack without an intent has none', () => {
  assert.equal(findIntent(Buffer.alloc(0)), undefined)
  assert.equal(findIntent(Buffer.alloc(8192)), undefined)
  assert.equal(findIntent(Buffer.from('ring3\0\x01\x01'.repeat(500), 'latin1')), undefined)
})

test('an intent that the end of the stack cuts off is none', () => {
  const intent = { stub: address(1), covered: Buffer.alloc(9), ranges: [], owner: { pid: 1, startTime: 2n } }
  const stack = stackWith(intent, 16)
  assert.notEqual(findIntent(stack.subarray(0, 16 + INTENT_ROOM)), undefined)
  assert.equal(findIntent(stack.subarray(0, 16 + INTENT_ROOM - 1)), undefined)
})

test('flipped bits never throw, and never give more ranges than there is room for', () => {
  const flips = fc.array(fc.record({ at: fc.nat(INTENT_ROOM), bit: fc.nat(7) }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(intents, flips, (intent, changes) => {
      const stack = stackWith(intent, 8)
      for (const { at, bit } of changes) stack.writeUInt8(stack.readUInt8(at) ^ (1 << bit), at)
      const found = findIntent(stack)
      assert.ok(found === undefined || (found.intent.ranges.length <= 64 && found.intent.covered.length === 9))
    }),
    { numRuns: 1000 },
  )
})
