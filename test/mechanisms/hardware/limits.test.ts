import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { test } from 'node:test'
import { type Address, address, hex, offsetBy } from '../../../src/bytes/address.js'
import { PretendProcess } from '../../../src/kernel/pretend-process.js'
import { HardwareProbes } from '../../../src/mechanisms/hardware/hardware-probes.js'
import { explainOpen } from '../../../src/mechanisms/hardware/open-refusal.js'
import { onInstruction } from '../../../src/mechanisms/hardware/plan.js'
import { isRefusal, type Refusal } from '../../../src/refusal/refusal.js'
import { missingTools } from '../../programs/build.js'
import { OutputLines } from '../../programs/output-lines.js'
import { countsOf, door, expectedOf, installed, WatchedTarget } from './watched-target.js'

function refusalOf(result: HardwareProbes | Refusal): Refusal {
  if (isRefusal(result)) return result
  result[Symbol.dispose]()
  throw new Error('nothing was refused')
}

test('registers that another tracer holds are not taken, and its counts stay exact', async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '4', '--births', '5'])
  if (watched === undefined) return
  const theirs = watched.breakpoints('steps', 'middle')
  const three = watched.breakpoints('byte', 'word', 'quad')
  using first = installed(HardwareProbes.install(door, watched.pid, theirs, 'counts'))
  const refusal = refusalOf(HardwareProbes.install(door, watched.pid, three, 'counts'))
  assert.equal(refusal.code, 'hardware-exhausted')
  assert.match(refusal.because, /^quad: thread \d+ has no debug register left: there are four, and a debugger/)
  const two = three.slice(0, 2)
  using second = installed(HardwareProbes.install(door, watched.pid, two, 'counts'))
  const tally = await watched.work()
  assert.deepEqual(countsOf(first, theirs), expectedOf([tally], theirs))
  assert.deepEqual(countsOf(second, two), expectedOf([tally], two))
})

/** gdb, attached, with breakpoints in debug registers; the target goes on. */
async function startGdb(pid: number, addresses: readonly Address[]): Promise<AsyncDisposable> {
  const gdb = spawn('gdb', ['-nx', '-q', '-p', String(pid)], { stdio: 'pipe' })
  const stdout = new OutputLines(gdb.stdout, 'gdb')
  const exited = once(gdb, 'exit')
  const commands = ['set confirm off', 'set pagination off', ...addresses.map((at) => `hbreak *${hex(at)}`)]
  gdb.stdin.write(`${commands.join('\n')}\necho holding\\n\ncontinue\n`)
  await stdout.next(/holding/, 60_000)
  return {
    async [Symbol.asyncDispose]() {
      gdb.kill('SIGINT')
      gdb.stdin.end('detach\nquit\n')
      await exited
    },
  }
}

test('a target that gdb debugs is probed with the registers that gdb leaves, and counts are exact', async (t) => {
  const missing = missingTools('gdb')
  if (missing !== undefined) return t.skip(missing)
  await using watched = await WatchedTarget.start(t, ['--threads', '4', '--births', '5'])
  if (watched === undefined) return
  // Inside of an instruction, so that they take registers and are never hit.
  const inside = offsetBy(watched.addressOf('middle'), 1)
  await using _gdb = await startGdb(watched.pid, [inside, offsetBy(inside, 1)])
  await watched.target.ask('where', /^where/)
  const breakpoints = watched.breakpoints('steps', 'middle', 'quad')
  const refusal = refusalOf(HardwareProbes.install(door, watched.pid, breakpoints, 'counts'))
  assert.equal(refusal.code, 'hardware-exhausted')
  const two = breakpoints.slice(1)
  using probes = installed(HardwareProbes.install(door, watched.pid, two, 'counts'))
  const tally = await watched.work()
  assert.deepEqual(countsOf(probes, two), expectedOf([tally], two))
})

test('an address that is none of a process is refused', async (t) => {
  await using watched = await WatchedTarget.start(t, [])
  if (watched === undefined) return
  const at = address(0xffff_ffff_8100_0000n)
  const kernel = { key: 'w', access: 'write', address: at, length: 8 } as const
  const refusal = refusalOf(HardwareProbes.install(door, watched.pid, [kernel], 'counts'))
  assert.equal(refusal.code, 'hardware-unavailable')
  assert.match(refusal.because, /0xffffffff81000000 is no address of a process/)
})

// What the kernel says | code | what the sentence names
const errors: readonly [keyof typeof constants.errno, string, RegExp][] = [
  ['ENOSPC', 'hardware-exhausted', /no debug register left/],
  ['EACCES', 'hardware-not-permitted', /CAP_PERFMON/],
  ['EPERM', 'hardware-not-permitted', /seccomp/],
  ['EINVAL', 'hardware-unavailable', /older than 5\.13/],
  ['E2BIG', 'hardware-unavailable', /older than 5\.13/],
  ['ENOSYS', 'hardware-unavailable', /CONFIG_PERF_EVENTS/],
  ['EOPNOTSUPP', 'hardware-unavailable', /CONFIG_HAVE_HW_BREAKPOINT/],
  ['ENOENT', 'hardware-unavailable', /CONFIG_HAVE_HW_BREAKPOINT/],
  ['EMFILE', 'hardware-unavailable', /ulimit -n/],
]

for (const [name, code, sentence] of errors) {
  test(`${name} from perf_event_open is refused: ${sentence.source}`, () => {
    const breakpoint = onInstruction('m:f', address(0x401000))
    const refusal = explainOpen(constants.errno[name], { door, breakpoint, tid: 7 })
    assert.equal(refusal?.code, code)
    assert.match(refusal.because, sentence)
  })
}

test('an error that perf_event_open does not have is none of the expected', () => {
  const breakpoint = onInstruction('m:f', address(0x401000))
  assert.equal(explainOpen(constants.errno.EIO, { door, breakpoint, tid: 7 }), undefined)
})

test('the sentence names a setting of the kernel that forbids it', () => {
  const files = new PretendProcess({
    files: { '/proc/sys/kernel/perf_event_paranoid': Buffer.from('4\n') },
    directories: {},
  })
  const breakpoint = onInstruction('m:f', address(0x401000))
  const refusal = explainOpen(constants.errno.EACCES, { door: files, breakpoint, tid: 7 })
  assert.match(refusal?.because ?? '', /kernel\.perf_event_paranoid is 4; set it to 2/)
})
