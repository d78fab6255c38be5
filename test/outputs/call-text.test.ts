/** Calls as uftrace shows them, and as JSON. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonOutput } from '../../src/outputs/json/json-output.js'
import { textOutput } from '../../src/outputs/text/text-output.js'
import type { CallRecord, CallTree } from '../../src/record/call-record.js'
import { CallMerger } from '../../src/record/merged-calls.js'

const plain = { all: false, verbose: false, colour: false, nameOf: (site: string) => site }

function call(site: string, durationNs: number | undefined, ...calls: CallRecord[]): CallRecord {
  return { site, tid: 1234, startNs: 7, durationNs, end: 'returned', calls }
}

const tree: CallTree = {
  ...call(
    'app:handle',
    1_234_567,
    call('app:parse', 80),
    { ...call('app:run', undefined, call('libc.so.6:malloc', 12_345)), end: 'unwound' },
    { ...call('app:last', 40), end: 'tail-call' },
  ),
  omitted: 0,
  lost: 0,
}

test('a tree, its header before the first', () => {
  assert.equal(
    textOutput.calls(tree, undefined, plain),
    `# DURATION     TID      FUNCTION
           [  1234] | handle() {
  0.080 us [  1234] |   parse();
           [  1234] |   run() {
 12.345 us [  1234] |     libc.so.6:malloc();
           [  1234] |   } /* run: unwound */
  0.040 us [  1234] |   last(); /* tail call */
  1.235 ms [  1234] | } /* handle */
`,
  )
})

test('another thread stands apart, the same does not', () => {
  const next: CallTree = { ...call('app:ns::f(int)', 2_500_000_000), tid: 5, omitted: 0, lost: 0 }
  assert.equal(textOutput.calls(next, tree, plain), '\n  2.500  s [     5] | ns::f(int);\n')
  assert.equal(textOutput.calls(next, next, plain), '  2.500  s [     5] | ns::f(int);\n')
})

test('what is lacking is said', () => {
  const open: CallTree = { ...call('app:main', undefined, call('app:f', 10)), end: 'lost', omitted: 1200, lost: 3 }
  assert.equal(
    textOutput.calls(open, tree, plain),
    `           [  1234] | main() {
  0.010 us [  1234] |   f();
           [  1234] | } /* main: lost */
           [  1234] | /* 1,200 more calls in it */
           [  1234] | /* LOST 3 events: the calls go on unseen */
`,
  )
})

test('long calls are coloured in a terminal, and names cannot change it', () => {
  const lines = textOutput.calls(
    { ...call('app:\x1b[2J', 3_000_000, call('app:g', 200_000_000)), omitted: 0, lost: 0 },
    tree,
    { ...plain, colour: true },
  )
  assert.ok(lines.includes('\x1b[33m  3.000 ms\x1b[39m'))
  assert.ok(lines.includes('\x1b[31m200.000 ms\x1b[39m'))
  assert.ok(lines.includes('\\u{1b}[2J()'))
})

test('calls merged, as uftrace graph shows them', () => {
  const merger = new CallMerger()
  const foo = call('app:foo', 24_324, call('app:loop', 8_000), call('app:loop', 7_000))
  merger.add(call('app:main', 10_293_000, foo, foo, call('app:bar', 10_138_000, call('libc:usleep', 10_100_000))))
  merger.add(call('app:other', undefined))
  assert.equal(
    textOutput.mergedCalls(merger.merged, plain),
    `# TOTAL TIME   FUNCTION
  10.293 ms : (1) main
  48.648 us :  +-(2) foo
  30.000 us :  | (4) loop
            :  |
  10.138 ms :  +-(1) bar
  10.100 ms :    (1) libc:usleep
   0.000 us : (1) other
`,
  )
  assert.match(
    jsonOutput.mergedCalls(merger.merged, plain),
    /^\{"type":"merged_call","data":\{"site":"app:main","count":1/,
  )
})

test('nothing', () => assert.equal(textOutput.mergedCalls([], plain), 'no calls have been seen\n'))

test('a tree a line as JSON', () => {
  const line = jsonOutput.calls(
    { ...call('app:f', undefined, call('app:g', 10)), omitted: 0, lost: 0 },
    undefined,
    plain,
  )
  assert.deepEqual(JSON.parse(line), {
    type: 'call',
    data: {
      site: 'app:f',
      tid: 1234,
      startNs: 7,
      durationNs: null,
      end: 'returned',
      omitted: 0,
      lost: 0,
      calls: [{ site: 'app:g', tid: 1234, startNs: 7, durationNs: 10, end: 'returned', calls: [] }],
    },
  })
})
