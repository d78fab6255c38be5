import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { address } from '../../../src/bytes/address.js'
import type { KernelDoor } from '../../../src/kernel/door.js'
import { EPERM } from '../../../src/kernel/errno.js'
import { HardwareProbes } from '../../../src/mechanisms/hardware/hardware-probes.js'
import { type Breakpoint, onInstruction } from '../../../src/mechanisms/hardware/plan.js'
import { readThreadState } from '../../../src/target/process-state.js'
import { buildProgram, missingTools } from '../../programs/build.js'
import { startTarget } from '../../programs/start-target.js'
import { captureState, stateDifferences } from '../../runtime/target-state.js'
import { countsOf, door, expectedOf, installed, missingHardware, type Tally, WatchedTarget } from './watched-target.js'

interface Case {
  readonly fact: string
  readonly args: readonly string[]
  readonly names: readonly string[]
}

const busy = ['--threads', '16', '--rounds', '100']

// Every case has the reference compiled in, and four debug registers at once.
const cases: readonly Case[] = [
  { fact: 'an entry, the middle of a loop, and writes', args: [], names: ['steps', 'middle', 'byte', 'quad'] },
  { fact: 'writes of every size, their neighbours not', args: [], names: ['byte', 'half', 'word', 'quad'] },
  {
    fact: 'reads and writes; instructions that fault, repeat, and follow a system call',
    args: [],
    names: ['quad_accesses', 'faulting', 'repeat', 'after_syscall'],
  },
  { fact: '16 threads', args: busy, names: ['steps', 'middle', 'half', 'quad_accesses'] },
  {
    fact: '16 threads under signals that arrive at the probed instructions',
    args: [...busy, '--signals', '1'],
    names: ['middle', 'faulting', 'repeat', 'quad'],
  },
  {
    fact: 'threads that are born, also by threads that were, and end meanwhile',
    args: ['--threads', '2', '--births', '100'],
    names: ['steps', 'after_syscall', 'word', 'quad'],
  },
  {
    fact: 'a process without its forked children',
    args: ['--threads', '2', '--forks', '20', '--signals', '1'],
    names: ['steps', 'middle', 'byte', 'quad'],
  },
]

for (const { fact, args, names } of cases) {
  test(`counts are exact: ${fact}`, async (t) => {
    await using watched = await WatchedTarget.start(t, args)
    if (watched === undefined) return
    const breakpoints = watched.breakpoints(...names)
    await watched.work()
    using probes = installed(HardwareProbes.install(door, watched.pid, breakpoints, 'counts'))
    const first = await watched.work()
    assert.deepEqual(countsOf(probes, breakpoints), expectedOf([first], breakpoints))
    const second = await watched.work()
    assert.deepEqual(countsOf(probes, breakpoints), expectedOf([first, second], breakpoints))
    if (args.includes('--signals')) assert.ok((second.get('alarms') ?? 0n) > 10n, 'the signals came')
  })
}

/** In an executable at a fixed address. */
function onFunction(path: string, name: string): Breakpoint {
  const table = execFileSync('nm', [path], { encoding: 'utf8' })
  const at = new RegExp(`^([0-9a-f]+) T ${name}$`, 'm').exec(table)?.[1]
  assert.ok(at !== undefined, `${path} has no ${name}`)
  return onInstruction(name, address(BigInt(`0x${at}`)))
}

test('the count is exact in functions that signal handlers call, too', async (t) => {
  const missing = missingHardware() ?? missingTools('nm')
  const built = await buildProgram('calls-nonpie')
  if (missing !== undefined || built.kind === 'missing') return t.skip(missing ?? 'calls-nonpie cannot be built')
  await using target = await startTarget(built.path, ['--threads', '4', '--calls', '3000', '--signals', '1'])
  const breakpoints = ['work', 'leaf', 'recurse'].map((key) => onFunction(built.path, key))
  using probes = installed(HardwareProbes.install(door, target.pid, breakpoints, 'counts'))
  const line = await target.ask('go', /^counted/, 60_000)
  const { work, leaf, recurse } = countsOf(probes, breakpoints)
  assert.ok(line.startsWith(`counted work=${work} leaf=${leaf} recurse=${recurse} wrong=0 children=0`), line)
  assert.ok((work ?? 0n) > (leaf ?? 0n), 'the handler called work')
})

/** Waits, for at most two seconds, until the call was made so often and sleeps. */
async function sleepsAfter(hits: bigint, probes: HardwareProbes, pid: number): Promise<void> {
  const sleeps = (): boolean => probes.read()[0] === hits && readThreadState(door, pid, pid) === 'S'
  for (let looks = 0; looks < 1000 && !sleeps(); looks++) await pause(2)
}

test('a system call that the kernel restarts is executed again, and counted again', async (t) => {
  await using watched = await WatchedTarget.start(t, [])
  if (watched === undefined) return
  using probes = installed(HardwareProbes.install(door, watched.pid, watched.breakpoints('waiting'), 'counts'))
  watched.target.send('wait')
  for (let executions = 1n; executions <= 5n; executions++) {
    await sleepsAfter(executions, probes, watched.pid)
    process.kill(watched.pid, 'SIGALRM')
  }
  await sleepsAfter(6n, probes, watched.pid)
  assert.equal(await watched.target.ask('x', /^/), 'waited')
  assert.deepEqual([...probes.read()], [6n])
})

/** A target that may not be held. */
const unholding: KernelDoor = {
  invoke: (request) => (request.purpose === 'PTRACE_SEIZE' ? -EPERM : door.invoke(request)),
  pointerTo: (bytes) => door.pointerTo(bytes),
}

for (const [how, from] of [
  ['held', door],
  ['not held', unholding],
] as const) {
  test(`of 400 threads that are being born, each is covered once: ${how}`, async (t) => {
    await using watched = await WatchedTarget.start(t, [])
    if (watched === undefined) return
    const breakpoints = watched.breakpoints('steps', 'middle', 'half', 'quad_accesses')
    for (let times = 0; times < 6; times++) {
      await watched.target.ask('grow', /^growing/)
      await pause(times)
      using probes = installed(HardwareProbes.install(from, watched.pid, breakpoints, 'counts'))
      await watched.target.stdout.next(/^grown/)
      const tally: Tally = await watched.work()
      assert.deepEqual(countsOf(probes, breakpoints), expectedOf([tally], breakpoints))
      assert.equal(tally.get('steps'), 100n + 400n * 2n)
    }
  })
}

test('counting begins and ends while threads work, are born and end, and harms none of them', async (t) => {
  await using watched = await WatchedTarget.start(t, [...busy, '--births', '200', '--signals', '1'])
  if (watched === undefined) return
  const breakpoints = watched.breakpoints('steps', 'middle', 'quad_accesses', 'repeat')
  let running = true
  const working = watched.work().finally(() => {
    running = false
  })
  let times = 0
  for (; running; times++) {
    using probes = installed(HardwareProbes.install(door, watched.pid, breakpoints, 'counts'))
    probes.read()
    await pause(times % 20)
  }
  await working
  assert.ok(times > 5, `installed ${times} times`)
})

test('no byte and no mapping of the target is another while it is probed', async (t) => {
  await using watched = await WatchedTarget.start(t, [])
  if (watched === undefined) return
  await watched.work()
  const before = captureState(watched.pid)
  using probes = installed(
    HardwareProbes.install(door, watched.pid, watched.breakpoints('steps', 'middle', 'byte', 'quad'), 'samples'),
  )
  assert.deepEqual(stateDifferences(before), [])
  assert.match(readFileSync(`/proc/${watched.pid}/status`, 'utf8'), /^TracerPid:\t0$/m)
  assert.equal(probes.read().length, 4)
})
