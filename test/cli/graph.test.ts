import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallRecord, CallTree } from '../../src/record/call-record.js'
import { fakeHost, runFake } from './fake-host.js'

function call(site: string, durationNs: number, ...calls: CallRecord[]): CallRecord {
  return { site, tid: 7, startNs: 0, durationNs, end: 'returned', calls }
}

const tree: CallTree = { ...call('app:f', 2000, call('app:g', 500)), omitted: 0, lost: 0 }
const shown = `           [     7] | f() {
  0.500 us [     7] |   g();
  2.000 us [     7] | } /* f */
`
const header = '# DURATION     TID      FUNCTION\n'

test('trees are shown as they come, until the time is up', async () => {
  const run = await runFake('graph -p 7 -d 0.01 app:f', { trees: [tree, tree] })
  assert.deepEqual([run.code, run.stdout], [0, header + shown + shown])
  assert.deepEqual(run.events, ['attach 7', 'graph app:f {"depth":32,"all":false}', 'remove', 'detach'])
  assert.match(run.stderr, /2 probes at work/)
})

test('every option comes through', async () => {
  const line =
    'graph -p 7 -d 0.01 -D 3 -t 10us -n 9 --with libc:* --with m:* -N app:x -H app:y --tid 8 --all app:f app:h'
  const { events } = await runFake(line)
  assert.deepEqual(JSON.parse(events[1]?.replace('graph app:f app:h ', '') ?? ''), {
    depth: 3,
    all: true,
    minNs: 10_000,
    with: ['libc:*', 'm:*'],
    notrace: ['app:x'],
    hide: ['app:y'],
    tid: 8,
    max: 9,
  })
})

test('merged, they are one tree at the end', async () => {
  const run = await runFake('graph -p 7 -d 0.01 --merge app:f', { trees: [tree, tree] })
  assert.equal(run.stdout, '# TOTAL TIME   FUNCTION\n   4.000 us : (2) f\n   1.000 us : (2) g\n')
})

test('JSON is a tree a line', async () => {
  const run = await runFake('graph -p 7 -d 0.01 -f json app:f', { trees: [tree, tree] })
  assert.deepEqual(
    run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).data.site),
    ['app:f', 'app:f'],
  )
})

test('-o writes to a file, and one that cannot be written ends it before anything is touched', async () => {
  const host = fakeHost()
  const run = await runFake('graph -p 7 -d 0.01 -o calls.txt app:f', { trees: [tree] }, host)
  assert.deepEqual([run.stdout, host.files.get('calls.txt')?.text], ['', header + shown])
  const bad = await runFake('graph -p 7 -o /missing/calls.txt app:f')
  assert.deepEqual([bad.code, bad.events], [1, []])
})

test('Ctrl-C ends it, and what is there stays', async () => {
  const host = fakeHost({ onWrite: (text, fake) => text.includes('/* f */') && fake.signal('SIGINT') })
  const run = await runFake('graph -p 7 app:f', { trees: [tree] }, host)
  assert.deepEqual([run.code, run.stdout, run.events.at(-1)], [0, header + shown, 'detach'])
})

test('a reader that goes away ends it', async () => {
  const host = fakeHost({ onWrite: (text, fake) => text.includes('/* f */') && fake.stdout.close() })
  const run = await runFake('graph -p 7 app:f', { trees: [tree] }, host)
  assert.deepEqual([run.code, run.events.at(-1)], [0, 'detach'])
})

test('it ends with the target, which is said', async () => {
  const run = await runFake('graph -p 7 app:f', { trees: [tree], graphOver: 'process 7 has ended' })
  assert.equal(run.code, 0)
  assert.match(run.stderr, /process 7 has ended/)
})

test('what was lost is said, and that nothing was seen', async () => {
  const run = await runFake('graph -p 7 -d 0.01 app:f', { lost: 1234n, warnings: ['WARNING: x\n'] })
  assert.match(run.stderr, /LOST 1,234 events/)
  assert.match(run.stderr, /no call of these functions has been seen/)
  assert.match(run.stderr, /WARNING: x/)
})
