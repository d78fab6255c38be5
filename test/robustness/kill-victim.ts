import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildProgram } from '../programs/build.js'
import { isAlive, startTarget } from '../programs/start-target.js'
import { parseTally } from '../runtime/exactness-run.js'
import { redisWorkload } from '../workloads/redis-workload.js'

/** A target of the kill test, which knows whether it is right. */
export interface KillVictim extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly patterns: readonly string[]
  /** Sentences about what is wrong. */
  problems(): Promise<readonly string[]>
}

export type StartedVictim = KillVictim | { readonly missing: string }

function statusOf(pid: number, tid: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1')
  } catch (error) {
    // Ended since the directory was read.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return ''
    throw error
  }
}

/** Threads that are held although nobody traces them any more. */
function stoppedThreads(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`)
    .filter((tid) => /^State:\s+[tT]/m.test(statusOf(pid, tid)))
    .map((tid) => `thread ${tid} is stopped`)
}

export async function startVerifier(): Promise<StartedVictim> {
  const built = await buildProgram('verifier')
  if (built.kind === 'missing') return { missing: built.because }
  const target = await startTarget(built.path, ['--threads', '4', '--nap', '100'])
  const rounds = async (): Promise<readonly [number, number]> => {
    const line = await target.ask('report', /^rounds=/, 5000)
    return [Number(/rounds=(\d+)/.exec(line)?.[1]), Number(/wrong=(\d+)/.exec(line)?.[1])]
  }
  return {
    name: 'verifier',
    pid: target.pid,
    patterns: ['verifier:*', 'libc:*'],
    async problems() {
      if (!target.isRunning()) return [`the target has ended with ${await target.exited}`]
      const [before] = await rounds()
      await sleep(20)
      const [after, wrong] = await rounds()
      const stuck = after > before ? [] : ['the target makes no progress']
      return [...stoppedThreads(target.pid), ...stuck, ...(wrong === 0 ? [] : [`${wrong} wrong results`])]
    },
    [Symbol.asyncDispose]: () => target.stop(),
  }
}

/**
 * Threads that int3 is dangerous to: that block all signals for good, block and unblock them, make threads, have faults of
 * their own. One letter a thread: see trap-victim.c.
 */
export async function startTrapVictim(kinds = 'nbtcf'): Promise<StartedVictim> {
  const built = await buildProgram('trap-victim')
  if (built.kind === 'missing') return { missing: built.because }
  const target = await startTarget(built.path, [kinds])
  const report = async (): Promise<ReadonlyMap<string, bigint>> => parseTally(await target.ask('go', /^calls=/, 10_000))
  await report()
  return {
    name: `trap-victim ${kinds}`,
    pid: target.pid,
    patterns: [
      'trap-victim:hot',
      'trap-victim:on_alarm',
      'trap-victim:short_thread',
      'libc:pthread_sigmask',
      'libc:usleep',
    ],
    async problems() {
      if (!target.isRunning()) return [`the target has ended with ${await target.exited}`]
      const before = await report()
      await sleep(100)
      const after = await report()
      const moving = ['calls', 'handled', ...(kinds.includes('f') ? ['fixed'] : [])]
      const stuck = moving.filter((name) => (after.get(name) ?? 0n) <= (before.get(name) ?? 0n))
      const wrong = after.get('wrong') === 0n ? [] : [`${after.get('wrong')} wrong results`]
      return [...stoppedThreads(target.pid), ...stuck.map((name) => `${name} make no progress`), ...wrong]
    },
    [Symbol.asyncDispose]: () => target.stop(),
  }
}

export async function startBusyRedis(): Promise<StartedVictim> {
  const missing = redisWorkload.missing()
  if (missing !== undefined) return { missing }
  const running = await redisWorkload.start()
  const pid = running.pids[0] ?? 0
  let load = running.startLoad()
  return {
    name: 'redis',
    pid,
    patterns: ['redis-server:*', 'libc:*'],
    async problems() {
      if (!isAlive(pid)) return ['redis-server has ended', ...(await running.complaints())]
      const { failures, wrongAnswers, notes } = await load.finish()
      load = running.startLoad()
      const bad =
        failures + wrongAnswers === 0 ? [] : [`${failures} failures, ${wrongAnswers} wrong: ${notes.join(' | ')}`]
      return [...stoppedThreads(pid), ...bad]
    },
    async [Symbol.asyncDispose]() {
      await load.finish()
      await running.stop()
    },
  }
}
