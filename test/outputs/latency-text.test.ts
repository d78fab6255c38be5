import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonOutput } from '../../src/outputs/json/json-output.js'
import { textOutput } from '../../src/outputs/text/text-output.js'
import type { LatencyRecord } from '../../src/record/latency-record.js'

const options = { all: false, verbose: false, colour: false, nameOf: (site: string) => site }

const record: LatencyRecord = {
  site: 'libc:malloc',
  tid: 12,
  calls: 1003,
  minNs: 80,
  averageNs: 131,
  p50Ns: 100,
  p99Ns: 220.5,
  maxNs: 48_100,
  buckets: [
    { fromNs: 80, toNs: 84, calls: 3 },
    { fromNs: 84, toNs: 88, calls: 0 },
    { fromNs: 128, toNs: 136, calls: 900 },
    { fromNs: 45_056, toNs: 47_104, calls: 100 },
  ],
}

test('a function has a line of figures, and a bar for each power of two', () => {
  assert.equal(
    textOutput.latencies([record], options),
    `libc:malloc in thread 12
  1,003 calls · min 80 ns · avg 131 ns · p50 100 ns · p99 221 ns · max 48.1 µs
     64 ns … 128 ns           3
    128 ns … 256 ns         900 ██████████████████████████████████████████████████
   32.8 µs … 65.5 µs        100 ██████
`,
  )
})

test('of functions that have not returned it is said that there is nothing', () => {
  assert.equal(textOutput.latencies([], options), 'no calls have returned\n')
  assert.equal(jsonOutput.latencies([], options), '')
})

test('as JSON, a function is a line with the buckets that have calls', () => {
  const { type, data } = JSON.parse(jsonOutput.latencies([{ ...record, tid: undefined }], options))
  assert.equal(type, 'latency')
  const { tid: _thread, buckets, ...figures } = record
  assert.deepEqual(data, { ...figures, buckets: buckets.filter(({ calls }) => calls > 0) })
})
