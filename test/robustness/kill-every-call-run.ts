import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { cleanProcess } from '../../src/session/clean-process.js'
import { readThreadState } from '../../src/target/process-state.js'
import type { Target } from '../programs/start-target.js'
import { captureState, stateDifferences } from '../runtime/target-state.js'
import { runTool } from '../workloads/run-tool.js'

const killer = join(import.meta.dirname, 'kill-at-call.js')

export interface KillEveryCallReport {
  readonly kills: number
  /** Kernel calls of a whole run. */
  readonly calls: number
  /** Kills after which something was there to clean. */
  readonly leftovers: number
  /** Of them, those with a remote call to undo. */
  readonly interruptedCalls: number
  readonly problems: readonly string[]
}

export interface KillEveryCallOptions {
  readonly stride: number
  /** The target is stopped by SIGSTOP before the tracer comes, and goes on when all has been cleaned. */
  readonly stopped: boolean
}

/**
 * Kills a tracer right after its 1st, 1 + stride-th, … kernel call, until one runs to its end. After each kill the target
 * must live, work right, and be restored by what `ring3 clean` does.
 */
export async function runKillEveryCall(
  target: Target,
  pattern: string,
  { stride, stopped }: KillEveryCallOptions,
): Promise<KillEveryCallReport> {
  const before = captureState(target.pid)
  const problems: string[] = []
  let leftovers = 0
  let interruptedCalls = 0
  for (let kills = 0; ; kills++) {
    const call = 1 + kills * stride
    if (stopped) process.kill(target.pid, 'SIGSTOP')
    const run = await runTool(process.execPath, [killer, String(target.pid), pattern, String(call)], {
      timeoutMs: 60_000,
    })
    const calls = Number(/^calls (\d+)/m.exec(run.stdout)?.[1] ?? '0')
    if (calls > 0) return { kills, calls, leftovers, interruptedCalls, problems }
    const cleaned = cleanProcess(openRealDoor(), target.pid)
    if (isRefusal(cleaned)) return { kills, calls, leftovers, interruptedCalls, problems: [cleaned.because] }
    if (cleaned.interruptedCall) interruptedCalls++
    if (cleaned.interruptedCall || cleaned.areas > 0) leftovers++
    const running = stopped && !(await staysStopped(target.pid)) ? ['the target is no longer stopped'] : []
    if (stopped && target.isRunning()) process.kill(target.pid, 'SIGCONT')
    const differences = target.isRunning() ? stateDifferences(before) : ['the target died']
    const answer = target.isRunning() ? await target.ask('report') : ''
    const wrong = / wrong=0$/.test(answer) ? [] : [`the target answered ${answer}`]
    for (const problem of [...running, ...differences, ...wrong, ...cleaned.remaining])
      problems.push(`after call ${call}: ${problem}`)
    if (problems.length > 0) return { kills, calls, leftovers, interruptedCalls, problems }
  }
}

/** A thread that has just been let go may need a moment to stop again. */
async function staysStopped(pid: number): Promise<boolean> {
  const door = openRealDoor()
  for (let looks = 0; looks < 100; looks++) {
    if (readThreadState(door, pid, pid) === 'T') return true
    await sleep(5)
  }
  return false
}
