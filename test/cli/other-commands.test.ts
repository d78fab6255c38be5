import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runFake } from './fake-host.js'

const malloc = {
  module: '/usr/lib/libc.so.6',
  moduleName: 'libc',
  symbol: 'malloc',
  demangled: 'malloc',
  fileOffset: 0x9a0e0,
  size: 400,
}
const append = {
  module: '/opt/app',
  moduleName: 'app',
  symbol: '_ZN1a1fEv',
  demangled: 'a::f()',
  fileOffset: 16,
  size: 0,
}
const explanation = {
  site: 'libc:malloc',
  address: '0x7f0000001000',
  file: '/usr/lib/libc.so.6',
  fileOffset: '0x9a0e0',
  verdicts: [
    { mechanism: 'jump', chosen: true },
    { mechanism: 'signal', chosen: false, refused: { code: 'seccomp' as const, because: 'A filter forbids it.' } },
  ],
  window: {
    length: 5,
    before: 'f3 0f 1e fa 53',
    after: 'e9 00 01 02 03',
    displaced: ['endbr64', 'push rbx'],
    flagsDead: true,
    deadRegisters: ['rax', 'r10'],
  },
  trampoline: ['0x7e0000000000  f3 0f 1e fa  endbr64', '0x7e0000000004  53           push rbx'],
}

test('list prints patterns that can be fed back', async () => {
  const run = await runFake('list -p 7 *:*', { functions: [malloc, append] })
  assert.equal(run.code, 0)
  assert.equal(run.stdout, 'libc:malloc\napp:_ZN1a1fEv\n')
  assert.deepEqual(run.events, ['attach 7', 'detach'])
})

test('list -v adds offset, size, demangled name and file', async () => {
  const { stdout } = await runFake('list -v -p 7 *:*', { functions: [malloc, append] })
  assert.equal(
    stdout,
    '   0x9a0e0      400  libc:malloc  /usr/lib/libc.so.6\n      0x10        0  app:_ZN1a1fEv  a::f()  /opt/app\n',
  )
})

test('list of a file takes globs, and * when there is none', async () => {
  const run = await runFake('list /opt/app a* b*', { functions: [append] })
  assert.deepEqual(run.events, ['list /opt/app a*', 'list /opt/app b*'])
  assert.equal(run.stdout, 'app:_ZN1a1fEv\n')
  assert.deepEqual((await runFake('list /opt/app')).events, ['list /opt/app *'])
})

test('list -f json prints a function a line', async () => {
  const { stdout } = await runFake('list -f json -p 7 libc:malloc', { functions: [malloc] })
  assert.equal(
    stdout,
    '{"type":"function","data":{"site":"libc:malloc","module":"/usr/lib/libc.so.6","moduleName":"libc","symbol":"malloc","demangled":"malloc","fileOffset":631008,"size":400}}\n',
  )
})

test('explain shows mechanism, window, bytes, trampoline and refusals', async () => {
  const run = await runFake('explain -p 7 libc:malloc', { explanations: [explanation] })
  assert.equal(run.code, 0)
  assert.equal(
    run.stdout,
    `libc:malloc
  address     0x7f0000001000
  file        /usr/lib/libc.so.6 + 0x9a0e0
  mechanism   jump: chosen
              signal: refused, seccomp: A filter forbids it.
  window      5 bytes
  before      f3 0f 1e fa 53
  after       e9 00 01 02 03
  displaced   endbr64
              push rbx
  flags       dead: need not be saved
  registers   dead: rax, r10
  trampoline  0x7e0000000000  f3 0f 1e fa  endbr64
              0x7e0000000004  53           push rbx
`,
  )
})

for (const [returns, lines] of [
  [{ at: ['0x98f68', '0x98fb1'], followed: [] }, '  returns     at 0x98f68, 0x98fb1\n'],
  [
    { at: ['0x98f68'], followed: ['f\x1b[7m', 'g'] },
    '  returns     at 0x98f68\n              in f\\u{1b}[7m, g, where it jumps to\n',
  ],
  [
    { at: [], followed: [], refused: { code: 'tail-call', because: 'It jumps.' } },
    '  returns     refused, tail-call: It jumps.\n',
  ],
] as const)
  test(`explain says where a function returns: ${lines.trim()}`, async () => {
    const run = await runFake('explain -p 7 libc:malloc', { explanations: [{ ...explanation, returns }] })
    assert.ok(run.stdout.endsWith(lines), run.stdout)
  })

test('explain -f json leaves out what is not known', async () => {
  const { site, address, file, fileOffset, verdicts } = explanation
  const { stdout } = await runFake('explain -f json -p 7 libc:malloc', {
    explanations: [{ site, address, file, fileOffset, verdicts }],
  })
  assert.equal(
    stdout,
    '{"type":"explanation","data":{"site":"libc:malloc","address":"0x7f0000001000","file":"/usr/lib/libc.so.6","fileOffset":"0x9a0e0","verdicts":[{"mechanism":"jump","chosen":true},{"mechanism":"signal","chosen":false,"refused":{"code":"seccomp","because":"A filter forbids it."}}]}}\n',
  )
})

test('clean says what it removed', async () => {
  const run = await runFake('clean 7', {
    cleaned: { areas: 1, edits: 12, interruptedCall: false, stoppedNs: 1_200_000, remaining: [] },
  })
  assert.equal(run.code, 0)
  assert.equal(run.stdout, 'removed 1 area and 12 edits; target stopped for 1.20 ms\n')
  assert.equal((await runFake('clean 7')).stdout, 'nothing of ring3 is in this process\n')
})

test('clean fails when something stays', async () => {
  const remaining = ['The bytes at 0x1000 are not those that ring3 wrote; they were left alone.']
  const run = await runFake('clean 7', {
    cleaned: { areas: 1, edits: 0, interruptedCall: false, stoppedNs: 0, remaining },
  })
  assert.equal(run.code, 1)
  assert.equal(run.stderr, `ring3: ${remaining[0]}\n`)
})

for (const [line, stdout] of [
  ['count -p 7 -d 0.01 -f json app:*', /^\{"type":"attached_probes",.*\n\{"type":"map",.*\n$/],
  ['list -p 7 -f json app:* libc:*', /^$/],
  ['list -f json /opt/app * f*', /^$/],
  ['explain -p 7 -f json app:*', /^$/],
] as const) {
  test(`what was passed over is said once, on stderr only: ${line}`, async () => {
    const warnings = ['/opt/app: its debug file is \x1b[7mdamaged', '/opt/app: its debug file is \x1b[7mdamaged']
    const run = await runFake(line, { warnings })
    assert.equal(run.stderr, 'ring3: /opt/app: its debug file is \\u{1b}[7mdamaged\n')
    assert.match(run.stdout, stdout)
    assert.equal((await runFake(`${line} -q`, { warnings })).stderr, '')
  })
}
