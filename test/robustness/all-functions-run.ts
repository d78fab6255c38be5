import { setTimeout as sleep } from 'node:timers/promises'
import { CountProcess } from '../runtime/ring3-cli.js'
import { captureState, stateDifferences, type TargetState } from '../runtime/target-state.js'
import type { LoadResult, RunningWorkload, Workload } from '../workloads/workload.js'
import { median, type Spread, spreadMs } from './figures.js'

interface Round {
  readonly pid: number
  readonly jumps: number
  readonly refusals: readonly string[]
  readonly refusedSites: readonly string[]
  readonly stoppedNs: number
  readonly setupNs: number
  readonly startedNs: number
  readonly problems: readonly string[]
}

export interface AllFunctionsReport {
  readonly workload: string
  readonly rounds: number
  readonly functions: number
  /** Percent of the functions that a jump serves. */
  readonly servedByJump: number
  readonly refusals: Readonly<Record<string, number>>
  /** Milliseconds. `started` is from the start of the command to working probes. */
  readonly stopped: Spread
  readonly setup: Spread
  readonly started: Spread
  readonly load: LoadResult
  readonly problems: readonly string[]
}

/** Attaches to everything, lets the load run over it, detaches, and looks at what is left. */
async function runRound(running: RunningWorkload, before: TargetState): Promise<Round> {
  await using count = new CountProcess(before.pid, [`${running.mainBinary}:*`, 'libc:*'])
  const attached = await count.attached()
  const startedNs = (performance.now() - count.startedAt) * 1e6
  await sleep(500)
  const { counts, code, stderr } = await count.finish()
  const problems = [...stateDifferences(before)]
  if (code !== 0) problems.push(`ring3 ended with ${code}: ${stderr}`)
  if (counts.size === 0 && before.pid === running.pids[0]) problems.push('nothing was counted') // others may idle
  return {
    pid: before.pid,
    jumps: attached.mechanisms.get('jump') ?? 0,
    refusals: attached.refused.map(({ code: refusal }) => refusal),
    refusedSites: attached.refused.map(({ site, code: refusal }) => `${site} ${refusal}`),
    stoppedNs: attached.stoppedNs,
    setupNs: attached.setupNs,
    startedNs,
    problems,
  }
}

function countEach(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function report(name: string, rounds: readonly Round[], load: LoadResult, late: readonly string[]): AllFunctionsReport {
  const jumps = median(rounds.map((round) => round.jumps))
  const functions = median(rounds.map((round) => round.jumps + round.refusals.length))
  return {
    workload: name,
    rounds: rounds.length,
    functions,
    servedByJump: Math.round((10_000 * jumps) / functions) / 100,
    refusals: countEach(rounds[0]?.refusals ?? []),
    stopped: spreadMs(rounds.map((round) => round.stoppedNs)),
    setup: spreadMs(rounds.map((round) => round.setupNs)),
    started: spreadMs(rounds.map((round) => round.startedNs)),
    load,
    problems: [...rounds.flatMap((round, n) => round.problems.map((text) => `round ${n}: ${text}`)), ...late],
  }
}

/** All functions of the main binary and of libc, attached and detached again and again under load. */
export async function runAllFunctions(workload: Workload, rounds: number): Promise<AllFunctionsReport> {
  await using running = await workload.start()
  const load = running.startLoad()
  await sleep(500)
  const states = running.pids.map(captureState)
  const done: Round[] = []
  const late: string[] = []
  for (let n = 0; n < rounds; n++) {
    const before = states[n % states.length]
    if (before === undefined) throw new Error(`${workload.name} has no process to probe`)
    try {
      done.push(await runRound(running, before))
    } catch (error) {
      late.push(`round ${n}: ${error instanceof Error ? error.message : String(error)}`)
      break
    }
  }
  const result = await load.finish()
  late.push(...(await running.complaints()))
  return report(workload.name, done, result, late)
}

export function isClean({ load, problems }: AllFunctionsReport): boolean {
  return load.failures === 0 && load.wrongAnswers === 0 && problems.length === 0
}
