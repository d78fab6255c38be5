import { join } from 'node:path'
import type { Target } from '../programs/start-target.js'
import { ring3 } from '../runtime/ring3-cli.js'
import { captureState, stateDifferences } from '../runtime/target-state.js'
import { runTool } from '../workloads/run-tool.js'

const killer = join(import.meta.dirname, 'kill-at-call.js')

export interface KillEveryCallReport {
  readonly kills: number
  /** Kernel calls of a whole run. */
  readonly calls: number
  /** Kills after which something was there to clean. */
  readonly leftovers: number
  readonly problems: readonly string[]
}

/**
 * Kills a tracer right after its 1st, 1 + stride-th, … kernel call, until one runs to its end. After each kill the target
 * must live, work right, and be restored by `ring3 clean`.
 */
export async function runKillEveryCall(target: Target, pattern: string, stride: number): Promise<KillEveryCallReport> {
  const before = captureState(target.pid)
  const problems: string[] = []
  let leftovers = 0
  for (let kills = 0; ; kills++) {
    const call = 1 + kills * stride
    const run = await runTool(process.execPath, [killer, String(target.pid), pattern, String(call)], {
      timeoutMs: 60_000,
    })
    const calls = Number(/^calls (\d+)/m.exec(run.stdout)?.[1] ?? '0')
    if (calls > 0) return { kills, calls, leftovers, problems }
    const cleaned = await ring3(['clean', String(target.pid)])
    if (!/^nothing/.test(cleaned.stdout)) leftovers++
    const differences = target.isRunning() ? stateDifferences(before) : ['the target died']
    const answer = target.isRunning() ? await target.ask('report') : ''
    const wrong = / wrong=0$/.test(answer) ? [] : [`the target answered ${answer}`]
    const clean = cleaned.code === 0 ? [] : [`clean: ${cleaned.stderr.trim()}`]
    for (const problem of [...differences, ...wrong, ...clean]) problems.push(`after call ${call}: ${problem}`)
    if (problems.length > 0) return { kills, calls, leftovers, problems }
  }
}
