import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildProgram } from '../programs/build.js'
import { isAlive, startTarget } from '../programs/start-target.js'
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

/** Threads that are held although nobody traces them any more. */
function stoppedThreads(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) => {
    const status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1')
    return /^State:\s+[tT]/m.test(status) ? [`thread ${tid} is stopped`] : []
  })
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
