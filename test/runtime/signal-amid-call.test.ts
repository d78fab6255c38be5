import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KernelDoor } from '../../src/kernel/door.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { cleanProcess } from '../../src/session/clean-process.js'
import { Tracer } from '../../src/session/tracer.js'
import { readThreadState } from '../../src/target/process-state.js'
import { buildProgram } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { captureState, stateDifferences } from './target-state.js'

/** More ptrace requests than any run makes: the loop ends when a run went through without its signal. */
const CEILING = 2000

interface MeddlingDoor extends KernelDoor {
  /** The request after which the signal was sent. */
  readonly sentAfter: string | undefined
}

/** Sends a signal to the target's first thread, which makes the remote calls, right after the n-th ptrace request. */
function meddlingDoor(inner: KernelDoor, pid: number, signal: number, n: number): MeddlingDoor {
  let requests = 0
  let sentAfter: string | undefined
  return {
    get sentAfter() {
      return sentAfter
    },
    pointerTo: (bytes) => inner.pointerTo(bytes),
    invoke(request) {
      const result = inner.invoke(request)
      if (request.name === 'ptrace' && ++requests === n) {
        sentAfter = request.purpose
        assert.equal(inner.invoke({ name: 'tgkill', args: [pid, pid, signal] }), 0)
      }
      return result
    },
  }
}

/** Sentences about what could not be taken out. */
async function attachCountDetach(door: KernelDoor, pid: number): Promise<readonly string[]> {
  const tracer = Tracer.attach(door, pid, {}, { via: 'jump' })
  assert.ok(!isRefusal(tracer))
  using attached = tracer
  const made = await attached.count(['verifier:*'])
  assert.ok(!isRefusal(made))
  return attached.detach()
}

/** Runs until a run has fewer ptrace requests than `n`; `check` comes after each. @returns the requests of a run. */
async function atEveryRequest(
  target: Target,
  signal: number,
  check: (n: number, remaining: readonly string[]) => Promise<void>,
): Promise<number> {
  const before = captureState(target.pid)
  for (let n = 1; n < CEILING; n++) {
    const door = meddlingDoor(openRealDoor(), target.pid, signal, n)
    const remaining = await attachCountDetach(door, target.pid)
    if (door.sentAfter === undefined) return n - 1
    assert.ok(target.isRunning(), `the target died of a signal after request ${n}, ${door.sentAfter}`)
    await check(n, remaining)
    assert.deepEqual(stateDifferences(before), [], `after request ${n}, ${door.sentAfter}`)
    assert.match(await target.ask('report'), /^rounds=[1-9]\d* wrong=0$/)
  }
  return assert.fail('a run without end')
}

test('a signal in the middle of a remote call is neither lost nor doubled, and the target is whole', async (t) => {
  const built = await buildProgram('verifier')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, ['--threads', '1'])
  const requests = await atEveryRequest(target, constants.signals.SIGUSR1, async (n, remaining) => {
    assert.deepEqual(remaining, [])
    assert.equal(await target.ask('handled'), `handled=${n}`)
  })
  assert.ok(requests > 40, `${requests} requests`)
})

test('SIGSTOP in the middle of a remote call stops the target, which is whole', async (t) => {
  const built = await buildProgram('verifier')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, ['--threads', '1'])
  const requests = await atEveryRequest(target, constants.signals.SIGSTOP, async (n, remaining) => {
    await untilStopped(target.pid, n)
    process.kill(target.pid, 'SIGCONT')
    if (remaining.length === 0) return
    // A thread that was stopped inside a trampoline cannot leave it before it runs again.
    assert.match(remaining.join(), /ring3 clean/)
    const cleaned = cleanProcess(openRealDoor(), target.pid, { ignoreOwner: true })
    assert.ok(!isRefusal(cleaned))
    assert.deepEqual(cleaned.remaining, [])
  })
  assert.ok(requests > 40, `${requests} requests`)
})

async function untilStopped(pid: number, n: number): Promise<void> {
  const door = openRealDoor()
  for (let looks = 0; readThreadState(door, pid, pid) !== 'T'; looks++) {
    assert.ok(looks < 200, `the stop that was sent after request ${n} is lost`)
    await sleep(5)
  }
}
