import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestNames } from '../../src/symbols/nearest-names.js'

const names = ['malloc', 'calloc', 'realloc', 'free', 'memcpy', 'memmove', 'SSL_read', 'SSL_write', 'processCommand']

const facts: readonly (readonly [wanted: string, best: string | undefined])[] = [
  ['mallok', 'malloc'],
  ['maloc', 'malloc'],
  ['MALLOC', 'malloc'],
  ['memcopy', 'memcpy'],
  ['SSL_raed', 'SSL_read'],
  ['ssl_write', 'SSL_write'],
  ['processcomand', 'processCommand'],
  ['Command', 'processCommand'],
  ['completelyDifferent', undefined],
  ['*', undefined],
]

test('the nearest name comes first', () => {
  for (const [wanted, best] of facts) {
    assert.equal(nearestNames(wanted, names, 3)[0], best, wanted)
  }
})

test('no name comes twice and no more than asked for', () => {
  assert.deepEqual(nearestNames('malloc', ['malloc', 'malloc', 'mallocx', 'mallocy'], 2), ['malloc', 'mallocx'])
})

test('80,000 names are no matter of minutes', () => {
  const many = Array.from({ length: 80_000 }, (_, i) => `_ZN4node${i % 977}Handler${i}Ev`)
  const start = performance.now()
  nearestNames('_ZN4node12Handlr99Ev', many, 5)
  nearestNames('uv_lopp_run', many, 5)
  // Comparing each with each letter would take that long; how fast it is belongs into bench/.
  assert.ok(performance.now() - start < 5000)
})
