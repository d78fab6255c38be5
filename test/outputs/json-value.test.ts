import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonText } from '../../src/outputs/json/json-value.js'

test('what JSON.stringify can write is written alike', () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value
  fc.assert(
    fc.property(value, (any) => {
      const text = JSON.stringify(any)
      assert.equal(jsonText(JSON.parse(text)), text)
    }),
  )
})

test('integers of any size are written digit by digit', () => {
  assert.equal(jsonText({ a: 2n ** 64n - 1n, b: [-1n] }), '{"a":18446744073709551615,"b":[-1]}')
})

test('maps keep their order, and members without a value are left out', () => {
  const map = new Map([
    ['z', 1n],
    ['1', 2n],
  ])
  assert.equal(jsonText({ map, absent: undefined }), '{"map":{"z":1,"1":2}}')
})
