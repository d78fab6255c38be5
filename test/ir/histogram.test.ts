import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bucketOf, bucketStart, linearBucketOf } from '../../src/ir/histogram.js'

// value | bucket with one bucket for each power of two
for (const [value, bucket] of [
  [-5n, 0],
  [0n, 1],
  [1n, 2],
  [2n, 3],
  [3n, 3],
  [4n, 4],
  [1023n, 11],
  [1024n, 12],
  [(1n << 64n) - 1n, 65],
] as const) {
  test(`${value} is in bucket ${bucket}`, () => assert.equal(bucketOf(value, 0), bucket))
}

test('a value lies within its bucket, and buckets begin where the one before ends', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.integer({ min: 0, max: 5 }), (value, bits) => {
      const bucket = bucketOf(value, bits)
      assert.ok(bucketStart(bucket, bits) <= value)
      assert.ok(value < bucketStart(bucket + 1, bits))
      assert.equal(bucketOf(bucketStart(bucket, bits), bits), bucket)
    }),
  )
})

test('linear buckets', () => {
  const buckets = [-1n, 0n, 9n, 10n, 99n, 100n, 1000n].map((value) => linearBucketOf(value, 0n, 100n, 10n))
  assert.deepEqual(buckets, [0, 1, 1, 2, 10, 11, 11])
})
