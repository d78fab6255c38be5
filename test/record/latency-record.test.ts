import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentileNs, powersOfTwo } from '../../src/record/latency-record.js'

const buckets = [
  { fromNs: 96, toNs: 100, calls: 50 },
  { fromNs: 100, toNs: 104, calls: 0 },
  { fromNs: 104, toNs: 108, calls: 40 },
  { fromNs: 200, toNs: 208, calls: 10 },
]

test('a percentile lies in its bucket, as far in as its share of it', () => {
  const cases: [share: number, ns: number][] = [
    [0, 96],
    [0.25, 98],
    [0.5, 100],
    [0.7, 106],
    [0.9, 108],
    [0.99, 207.2],
    [1, 208],
  ]
  for (const [share, ns] of cases) assert.equal(Number(percentileNs(buckets, share).toFixed(6)), ns, String(share))
})

test('of no calls every percentile is 0', () => {
  assert.equal(percentileNs([], 0.5), 0)
})

test('buckets of one power of two are one, and none lacks a call', () => {
  assert.deepEqual(powersOfTwo([{ fromNs: 0, toNs: 1, calls: 3 }, ...buckets]), [
    { fromNs: 0, toNs: 1, calls: 3 },
    { fromNs: 64, toNs: 128, calls: 90 },
    { fromNs: 128, toNs: 256, calls: 10 },
  ])
})
