import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { parsePattern } from '../../src/probe/pattern.js'
import { isWatchpoint, parseWatchpoint } from '../../src/probe/watchpoint.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { missingTools } from '../programs/build.js'
import { runsAsRoot } from '../workloads/server-folder.js'

// text | address | length | access
const watchpoints: readonly [string, bigint, number, string][] = [
  ['watchpoint:0x601040:8:w', 0x601040n, 8, 'write'],
  ['w:0x601040:4:rw', 0x601040n, 4, 'read-write'],
  ['watchpoint:0X7fFF00000002:2:wr', 0x7fff_0000_0002n, 2, 'read-write'],
  [' watchpoint:4097:1:w ', 4097n, 1, 'write'],
  ['watchpoint:0x401001:8:x', 0x401001n, 8, 'execute'],
]

for (const [text, address, length, access] of watchpoints) {
  test(`${text.trim()} watches ${length} bytes`, () => {
    assert.ok(isWatchpoint(text))
    assert.deepEqual(parseWatchpoint(text), { kind: 'watchpoint', text, address, length, access })
  })
}

// text | code | what the sentence says
const refused: readonly [string, string, RegExp][] = [
  ['watchpoint:0x601040:8:r', 'unwatchable-access', /reading alone; rw/],
  ['watchpoint:0x601040:8:rwx', 'unwatchable-access', /w, rw and x/],
  ['watchpoint:0x601040:8:wx', 'unwatchable-access', /w, rw and x/],
  ['watchpoint:0x601040:4:x', 'unwatchable-access', /length of x is 8/],
  ['watchpoint:0x601041:2:w', 'unwatchable-access', /multiple of 2/],
  ['watchpoint:0x601044:8:rw', 'unwatchable-access', /multiple of 8/],
  ['watchpoint:0x601040:3:w', 'bad-pattern', /1, 2, 4 or 8, not 3/],
  ['watchpoint:0x601040:08:w', 'bad-pattern', /1, 2, 4 or 8, not 08/],
  ['watchpoint:0x601040:8:ww', 'bad-pattern', /each at most once/],
  ['watchpoint:0x601040:8:q', 'bad-pattern', /r, w and x/],
  ['watchpoint:0x601040:8', 'bad-pattern', /ADDRESS:LENGTH:MODE/],
  ['watchpoint:0x601040:8:w:', 'bad-pattern', /ADDRESS:LENGTH:MODE/],
  ['watchpoint:', 'bad-pattern', /ADDRESS:LENGTH:MODE/],
  ['watchpoint:main:8:w', 'bad-pattern', /main is no address/],
  ['watchpoint::8:w', 'bad-pattern', / is no address/],
  ['watchpoint:-1:8:w', 'bad-pattern', /-1 is no address/],
  ['watchpoint:0xffffffff81000000:8:w', 'bad-pattern', /no address of a process/],
  ['watchpoint:99999999999999999999:8:w', 'bad-pattern', /no address of a process/],
  ['watchpoint:increment+arg1:8:w', 'bad-pattern', /argument of a function yet \(increment\+arg1\)/],
  ['asyncwatchpoint:0x601040:8:w', 'bad-pattern', /no asyncwatchpoint; write watchpoint/],
  ['aw:0x601040:8:w', 'bad-pattern', /no asyncwatchpoint/],
]

for (const [text, code, sentence] of refused) {
  test(`${text} is refused: ${sentence.source}`, () => {
    assert.ok(isWatchpoint(text))
    const result = parseWatchpoint(text)
    assert.ok(isRefusal(result))
    assert.equal(result.code, code)
    assert.match(result.because, sentence)
  })
}

test('a module named w is none', () => {
  assert.ok(!isWatchpoint('w:main'))
  assert.ok(!isWatchpoint('libc:watchpoint'))
  assert.ok(!isRefusal(parsePattern('w:main')))
})

test('control characters do not reach the message', () => {
  const result = parseWatchpoint('watchpoint:\x1b[2J:8:w')
  assert.ok(isRefusal(result) && !/[\x00-\x1f]/.test(result.because))
})

test('bpftrace takes and refuses the same accesses and lengths', (t) => {
  const missing = missingTools('bpftrace') ?? (runsAsRoot ? undefined : 'bpftrace wants root')
  if (missing !== undefined) return t.skip(missing)
  for (const mode of ['r', 'w', 'x', 'rw', 'wr', 'rx', 'wx', 'rwx', 'ww']) {
    for (const length of [3, 8]) {
      const text = `watchpoint:0x601040:${length}:${mode}`
      const run = spawnSync('bpftrace', ['-d', '-p', String(process.pid), '-e', `${text} { exit() }`], {
        encoding: 'utf8',
      })
      const complains = /watchpoint (?:mode|length)|modes? (?:may|must)/.test(run.stderr + run.stdout)
      assert.equal(isRefusal(parseWatchpoint(text)), complains, `${text}: ${run.stderr}`)
    }
  }
})
