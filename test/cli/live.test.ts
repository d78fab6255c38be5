import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FakeHost, fakeHost, runFake } from './fake-host.js'

const readings = [{ 'app:f': 10n, 'app:g': 20n }]
const clear = /\r\x1b\[\d+A\x1b\[J/

test('a terminal shows a live table, takes it away and ends with the whole table', async () => {
  const host = fakeHost({ terminal: true })
  const { stdout, code } = await runFake('count -p 7 -d 0.4 app:*', { readings }, host)
  assert.equal(code, 0)
  const [live = '', final = ''] = stdout.split(clear)
  assert.match(live, /process 7 · 0:0\d · 30 calls of 2 functions · Ctrl-C ends/)
  assert.match(final, /^\x1b\[1mcalls {2}calls\/s {4}share {2}function\x1b\[22m\n/)
  assert.match(final, /30 calls of 2 functions in \d\.00 s\n$/)
})

test('a live table fits the terminal', async () => {
  const host = fakeHost({ terminal: true, environment: { NO_COLOR: '1' } })
  const many = Object.fromEntries(
    Array.from({ length: 50 }, (_, at) => [`app:${'long_name_'.repeat(9)}${at}`, BigInt(at + 1)]),
  )
  const { stdout } = await runFake('count -p 7 -d 0.4 app:*', { readings: [many] }, host)
  const [live = ''] = stdout.split(clear)
  const lines = live
    .replaceAll(/\x1b\[[KJ]/g, '')
    .trimEnd()
    .split('\n')
  assert.equal(lines.length, host.stdout.rows - 1)
  assert.deepEqual(
    lines.filter((line) => Array.from(line).length > host.stdout.columns),
    [],
  )
  assert.equal(lines.at(-1), '  … and 46 more functions')
})

test('NO_COLOR leaves the cursor movement and no colour', async () => {
  const host = fakeHost({ terminal: true, environment: { NO_COLOR: '1' } })
  const { stdout } = await runFake('count -p 7 -d 0.4 app:*', { readings }, host)
  assert.doesNotMatch(stdout, /\x1b\[\d+m/)
  assert.match(stdout, clear)
})

test('a dumb terminal gets the final table only', async () => {
  const host = fakeHost({ terminal: true, environment: { TERM: 'dumb' } })
  const { stdout } = await runFake('count -p 7 -d 0.4 app:*', { readings }, host)
  assert.doesNotMatch(stdout, /\x1b/)
})

test('JSON is not redrawn, even in a terminal', async () => {
  const { stdout } = await runFake('count -p 7 -f json -d 0.4 app:*', { readings }, fakeHost({ terminal: true }))
  assert.doesNotMatch(stdout, /\x1b/)
})

test('a long set-up shows its progress on a terminal and takes it away', async () => {
  const progress = [{ phase: 'symbols' as const, done: 1000, total: 17_000 }]
  const quick = await runFake('count -p 7 -d 0.01 app:*', { progress }, fakeHost({ terminal: true }))
  assert.doesNotMatch(quick.stderr, /reading symbols/)
})

test('-v names the phases of a set-up where there is no terminal', async () => {
  const step = (phase: 'symbols' | 'install', done: number) => ({ phase, done, total: 2 })
  const progress = [step('symbols', 1), step('symbols', 2), step('install', 1)]
  const { stderr } = await runFake('count -v -p 7 -d 0.01 app:*', { progress })
  assert.ok(stderr.startsWith('ring3: reading symbols …\nring3: installing probes …\n'), stderr)
})

test('closing stdout ends the count quietly', async () => {
  const host = fakeHost({ onWrite: (_text, { stdout }) => stdout.close() })
  const run = await runFake('count -p 7 -f json app:*', { readings }, host)
  assert.equal(run.code, 0)
  assert.equal(run.stderr, '')
  assert.ok(run.events.includes('detach'))
})

test('counts that cannot be written end the count and fail it', async () => {
  const onWrite = (_text: string, { stdout }: FakeHost): void => {
    stdout.failure = new Error('ENOSPC: no space left on device, write')
    stdout.close()
  }
  const run = await runFake('count -p 7 -q -f json app:*', { readings }, fakeHost({ onWrite }))
  assert.equal(run.code, 1)
  assert.equal(run.stderr, 'ring3: ENOSPC: no space left on device, write\n')
  assert.deepEqual(run.events, ['attach 7', 'count app:*', 'remove', 'detach'])
})
