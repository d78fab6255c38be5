import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refuse } from '../../src/refusal/refusal.js'
import { fakeHost, runFake } from './fake-host.js'

const counts = { 'libc:free': 1_234_566n, 'libc:malloc': 1_234_567n, 'libc:calloc': 0n, 'app:a': 3n }

test('in a pipe there is one table, at the end, without colour', async () => {
  const run = await runFake('count -p 7 -d 0.01 libc:*', { readings: [counts] })
  assert.equal(run.code, 0)
  assert.equal(
    run.stdout,
    [
      '    calls  calls/s    share  function',
      '1,234,567  617,284   50.0 %  libc:malloc',
      '1,234,566  617,283   50.0 %  libc:free',
      '        3      1.5    0.0 %  app:a',
      '',
      '2,469,136 calls of 3 functions in 2.00 s',
      '',
    ].join('\n'),
  )
  assert.equal(run.stderr, 'ring3: 2 probes at work: set up in 1.25 ms, target stopped for 48.0 µs\n')
  assert.deepEqual(run.events, ['attach 7', 'count libc:*', 'remove', 'detach'])
})

test('--all shows functions that were not called', async () => {
  const { stdout } = await runFake('count -p 7 -d 0.01 --all libc:*', { readings: [counts] })
  assert.match(stdout, /\n {8}0 {8}0 {4}0\.0 % {2}libc:calloc\n/)
})

test('no calls is said in words', async () => {
  const { stdout } = await runFake('count -p 7 -d 0.01 libc:*', { readings: [{ 'libc:free': 0n }] })
  assert.equal(stdout, 'no calls in 2.00 s\n')
})

test('-f json prints what was attached and the counts, a value a line', async () => {
  const refused = [{ site: 'libc:a', code: 'window-too-short' as const, because: 'It has "3" bytes.' }]
  const attached = {
    probes: 2,
    mechanisms: { jump: 2 },
    refused,
    passedOver: [],
    stoppedNs: 48_000,
    setupNs: 1_250_000,
  }
  const { stdout, stderr } = await runFake('count -p 7 -d 0.01 -f json libc:*', { readings: [counts], attached })
  assert.equal(
    stdout,
    '{"type":"attached_probes","data":{"probes":2,"mechanisms":{"jump":2},"refused":[{"site":"libc:a","code":"window-too-short","because":"It has \\"3\\" bytes."}],"passedOver":[],"stoppedNs":48000,"setupNs":1250000}}\n' +
      '{"type":"map","data":{"@":{"libc:malloc":1234567,"libc:free":1234566,"app:a":3}}}\n',
  )
  assert.equal(stderr, '')
})

test('counts beyond 2^53 are exact JSON numbers', async () => {
  const readings = [{ 'libc:free': 18_446_744_073_709_551_615n }]
  const { stdout } = await runFake('count -p 7 -d 0.01 -f json libc:*', { readings })
  assert.match(stdout, /\{"@":\{"libc:free":18446744073709551615\}\}/)
})

test('-i prints the counts in between', async () => {
  const readings = [{ 'libc:free': 1n }, { 'libc:free': 2n }, { 'libc:free': 4n }]
  const { stdout } = await runFake('count -p 7 -i 0.05 -d 0.13 -f json libc:*', { readings })
  assert.deepEqual(stdout.match(/"libc:free":\d+/g), ['"libc:free":1', '"libc:free":2', '"libc:free":4'])
})

test('-o writes to a file and leaves stdout empty', async () => {
  const host = fakeHost()
  const run = await runFake('count -p 7 -d 0.01 -o out.txt libc:*', { readings: [counts] }, host)
  assert.equal(run.stdout, '')
  assert.match(host.files.get('out.txt')?.text ?? '', /libc:malloc/)
})

test('a file that cannot be written is found out before the target is touched', async () => {
  const run = await runFake('count -p 7 -o /missing/out libc:*')
  assert.equal(run.code, 1)
  assert.match(run.stderr, /^ring3: ENOENT: no such file or directory/)
  assert.deepEqual(run.events, [])
})

test('refused sites are summed up, and listed with -v', async () => {
  const site = (name: string, code: 'window-too-short' | 'branch-into-window') => ({ site: name, code, because: 'So.' })
  const refused = [site('a:1', 'window-too-short'), site('a:2', 'branch-into-window'), site('a:3', 'window-too-short')]
  const attached = { probes: 16_950, mechanisms: { jump: 16_950 }, refused, passedOver: [], stoppedNs: 1, setupNs: 1 }
  const summary = 'served 16,950 of 16,953 functions by jump; 3 refused: 2 window-too-short, 1 branch-into-window'
  const brief = await runFake('count -p 7 -d 0.01 a:*', { attached })
  assert.ok(brief.stderr.endsWith(`ring3: ${summary} (-v lists them)\n`), brief.stderr)
  const verbose = await runFake('count -p 7 -d 0.01 -v a:*', { attached })
  assert.ok(verbose.stderr.includes(`ring3: ${summary}\nring3: a:1: window-too-short: So.\n`), verbose.stderr)
  const quiet = await runFake('count -p 7 -d 0.01 -q a:*', { attached })
  assert.equal(quiet.stderr, '')
})

test('-v says which mechanism serves how many probes, and why it is not a cheaper one', async () => {
  const passedOver = [
    { mechanisms: ['jump'], probes: 12, code: 'window-too-short' as const, because: 'So.' },
    { mechanisms: ['jump', 'signal'], probes: 3, code: 'growing-stack' as const, because: 'And so.' },
  ]
  const mechanisms = { jump: 16_950, signal: 12, breakpoint: 3 }
  const attached = { probes: 16_965, mechanisms, refused: [], passedOver, stoppedNs: 1, setupNs: 1 }
  const lines = [
    '16,950 probes by jump, 12 by signal, 3 by breakpoint',
    '12 not by jump: window-too-short: So.',
    '3 not by jump or signal: growing-stack: And so.',
  ]
  const verbose = await runFake('count -p 7 -d 0.01 -v a:*', { attached })
  assert.ok(verbose.stderr.includes(lines.map((line) => `ring3: ${line}\n`).join('')), verbose.stderr)
  assert.doesNotMatch((await runFake('count -p 7 -d 0.01 a:*', { attached })).stderr, /by jump/)
})

test('when every site is refused the command fails', async () => {
  const refused = [{ site: 'a:1', code: 'window-too-short' as const, because: 'So.' }]
  const run = await runFake('count -p 7 a:*', {
    attached: { probes: 0, mechanisms: {}, refused, passedOver: [], stoppedNs: 0, setupNs: 0 },
  })
  assert.equal(run.code, 1)
  assert.match(
    run.stderr,
    /ring3: served 0 of 1 function; 1 refused: 1 window-too-short.*\nring3: no function could be probed: a:1: So\.\n$/,
  )
  assert.ok(run.events.includes('detach'))
})

test('a target that ends is the end of the count; the last counts are shown', async () => {
  const run = await runFake('count -p 7 -i 0.02 -f json a:*', {
    readings: [{ 'a:f': 1n }, { 'a:f': 5n }],
    goneAtReading: 1,
  })
  assert.equal(run.code, 0)
  assert.ok(run.stdout.endsWith('{"type":"map","data":{"@":{"a:f":5}}}\n'))
  assert.match(run.stderr, /ring3: process 7 has ended or called exec; these are the counts that were read last\n/)
  assert.deepEqual(run.events, ['attach 7', 'count a:*', 'detach'])
})

test('counts are printed although the probes cannot be taken out, and the command fails', async () => {
  const run = await runFake('count -p 7 -d 0.01 a:*', {
    readings: [{ 'a:f': 5n }],
    removeFails: 'thread 8 did not stop',
  })
  assert.equal(run.code, 1)
  assert.match(run.stdout, /a:f/)
  assert.match(run.stderr, /ring3: thread 8 did not stop\n/)
  assert.deepEqual(run.events, ['attach 7', 'count a:*', 'remove', 'detach'])
})

test('a refused request is one message and its exit code; -v adds the refusal code', async () => {
  const attachRefused = refuse('not-permitted', 'Process 7 belongs to another user; run ring3 as that user or as root.')
  const run = await runFake('count -p 7 libc:malloc', { attachRefused })
  assert.equal(run.code, 1)
  assert.equal(run.stderr, `ring3: ${attachRefused.because}\n`)
  const verbose = await runFake('count -v -p 7 libc:malloc', { attachRefused })
  assert.equal(verbose.stderr, `ring3: ${attachRefused.because} [not-permitted]\n`)
})

test('a refused pattern detaches', async () => {
  const countRefused = refuse('no-match', 'Nothing matches libc:maloc; malloc is near.')
  const run = await runFake('count -p 7 libc:maloc', { countRefused })
  assert.equal(run.code, 1)
  assert.deepEqual(run.events, ['attach 7', 'count libc:maloc', 'detach'])
})

for (const code of ['no-such-process', 'zombie', 'target-gone'] as const) {
  test(`${code} ends with exit code 3`, async () => {
    const run = await runFake('count -p 7 libc:malloc', { attachRefused: refuse(code, 'It is not there.') })
    assert.equal(run.code, 3)
  })
}

test('symbol names with control characters do not reach a terminal', async () => {
  const { stdout } = await runFake('count -p 7 -d 0.01 a:*', { readings: [{ 'a:\x1b[2Jf': 1n }] })
  assert.ok(stdout.includes('a:\\u{1b}[2Jf'), stdout)
})

test('people see demangled names, programs the keys', async () => {
  const scenario = { readings: [{ 'a:_ZN2ns1fEi': 1n }] }
  assert.match((await runFake('count -p 7 -d 0.01 a:*', scenario)).stdout, / a:ns::f\(int\)\n/)
  assert.match((await runFake('count -p 7 -d 0.01 -f json a:*', scenario)).stdout, /"a:_ZN2ns1fEi":1/)
})
