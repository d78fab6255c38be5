import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { KernelDoor } from '../../src/kernel/door.js'
import { PTRACE_EVENT_STOP, PTRACE_O_TRACESYSGOOD, ptrace, tryPtrace } from '../../src/kernel/ptrace.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { poll, sleep, type WaitResult } from '../../src/kernel/wait.js'
import { findTool } from '../programs/build.js'
import { isAlive, startTarget } from '../programs/start-target.js'

const SIGTRAP = 5
const SIGUSR1 = 10
const SIGSTOP = 19
const door = openRealDoor()
const sleeper = findTool('sleep')
const lacking = sleeper === undefined ? 'not installed: sleep' : undefined

function startSleeper() {
  return startTarget(sleeper ?? '', ['60'], { ready: null })
}

/** Traces a thread until the end of the block: it is then let go, or reaped, since nobody else can end it before. */
function seize(tid: number): Disposable {
  ptrace(door, 'PTRACE_SEIZE', tid, 0, PTRACE_O_TRACESYSGOOD)
  return {
    [Symbol.dispose]() {
      tryPtrace(door, 'PTRACE_INTERRUPT', tid)
      for (let tries = 0; tries < 1000 && poll(door, tid).kind === 'running'; tries++) sleep(door, 1000)
      tryPtrace(door, 'PTRACE_DETACH', tid)
    },
  }
}

/** Looks until the thread does something else than run, for at most five seconds. */
async function nextState(from: KernelDoor, tid: number): Promise<WaitResult> {
  for (let tries = 0; tries < 500; tries++) {
    const seen = poll(from, tid)
    if (seen.kind !== 'running') return seen
    await pause(10)
  }
  return { kind: 'running' }
}

test('a thread that was seized runs on', async (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  await using target = await startSleeper()
  using _tracing = seize(target.pid)
  assert.deepEqual(poll(door, target.pid), { kind: 'running' })
})

test('an interrupt is seen as an event stop, every time one looks, until the thread is let go', async (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  await using target = await startSleeper()
  using _tracing = seize(target.pid)
  ptrace(door, 'PTRACE_INTERRUPT', target.pid)
  const stopped = { kind: 'stopped', signal: SIGTRAP, event: PTRACE_EVENT_STOP }
  assert.deepEqual(await nextState(door, target.pid), stopped)
  assert.deepEqual(poll(door, target.pid), stopped)
  ptrace(door, 'PTRACE_CONT', target.pid)
  assert.deepEqual(poll(door, target.pid), { kind: 'running' })
})

test('a signal is seen as a stop without event, and can be taken back', async (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  await using target = await startSleeper()
  using _tracing = seize(target.pid)
  process.kill(target.pid, 'SIGUSR1')
  assert.deepEqual(await nextState(door, target.pid), { kind: 'stopped', signal: SIGUSR1, event: 0 })
  ptrace(door, 'PTRACE_CONT', target.pid, 0, 0)
  assert.deepEqual(poll(door, target.pid), { kind: 'running' })
  assert.ok(isAlive(target.pid))
})

test('a group stop is seen as an event stop with its signal', async (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  await using target = await startSleeper()
  using _tracing = seize(target.pid)
  process.kill(target.pid, 'SIGSTOP')
  assert.deepEqual(await nextState(door, target.pid), { kind: 'stopped', signal: SIGSTOP, event: 0 })
  ptrace(door, 'PTRACE_CONT', target.pid, 0, SIGSTOP)
  assert.deepEqual(await nextState(door, target.pid), { kind: 'stopped', signal: SIGSTOP, event: PTRACE_EVENT_STOP })
})

test('a thread that was killed is gone, and is no zombie of ours', async (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  await using target = await startSleeper()
  using _tracing = seize(target.pid)
  process.kill(target.pid, 'SIGKILL')
  assert.deepEqual(await nextState(door, target.pid), { kind: 'gone' })
  assert.equal(await target.exited, 137)
})

test('a thread that is not traced, or that is not there, is gone', async (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  await using target = await startSleeper()
  assert.deepEqual(poll(door, target.pid), { kind: 'gone' })
  assert.deepEqual(poll(door, 0x3fff_ffff), { kind: 'gone' })
})

test('sleep takes as long as it was asked to, beyond a second too', () => {
  for (const microseconds of [1500, 1_002_000]) {
    const begin = process.hrtime.bigint()
    sleep(door, microseconds)
    const tookUs = Number(process.hrtime.bigint() - begin) / 1000
    assert.ok(tookUs >= microseconds, `${tookUs} of ${microseconds} µs`)
  }
})
