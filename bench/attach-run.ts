import { readdirSync } from 'node:fs'
import { buildProgram } from '../test/programs/build.js'
import { startTarget } from '../test/programs/start-target.js'
import { quantile } from '../test/robustness/figures.js'
import { CountProcess } from '../test/runtime/ring3-cli.js'
import { postgresWorkload } from '../test/workloads/postgres-workload.js'
import { describeMachine, type Machine } from './machine.js'
import { chooseGlobs, listSymbols } from './pattern-choice.js'

/** Milliseconds. */
export interface Times {
  readonly lower: number
  readonly median: number
  readonly upper: number
}

export interface AttachRow {
  readonly target: string
  readonly threads: number
  /** What was asked for: `1 function`, `all functions` … */
  readonly asked: string
  readonly probes: number
  readonly refused: number
  readonly stoppedMs: Times
  readonly setupMs: Times
  /** From the start of the command to the line that says that every probe works. */
  readonly startedMs: Times
}

export interface AttachReport {
  readonly machine: Machine
  readonly rounds: number
  readonly rows: readonly AttachRow[]
  readonly unavailable: readonly string[]
}

interface Scenario {
  readonly target: string
  readonly pid: number
  readonly asked: string
  readonly patterns: readonly string[]
  readonly taken: { probes: number; refused: number; stopped: number[]; setup: number[]; started: number[] }
}

function scenario(target: string, pid: number, asked: string, patterns: readonly string[]): Scenario {
  return { target, pid, asked, patterns, taken: { probes: 0, refused: 0, stopped: [], setup: [], started: [] } }
}

async function takeOne({ pid, patterns, taken }: Scenario): Promise<void> {
  await using count = new CountProcess(pid, patterns, ['-q'])
  const attached = await count.attached()
  taken.started.push(performance.now() - count.startedAt)
  taken.stopped.push(attached.stoppedNs / 1e6)
  taken.setup.push(attached.setupNs / 1e6)
  taken.probes = attached.probes
  taken.refused = attached.refused.length
  const { code, stderr } = await count.finish()
  if (code !== 0) throw new Error(`ring3 ended with ${code}: ${stderr}`)
}

function timesOf(values: readonly number[]): Times {
  const at = (fraction: number): number => Math.round(quantile(values, fraction) * 100) / 100
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) }
}

function rowOf({ target, pid, asked, taken }: Scenario): AttachRow {
  return {
    target,
    threads: readdirSync(`/proc/${pid}/task`).length,
    asked,
    probes: taken.probes,
    refused: taken.refused,
    stoppedMs: timesOf(taken.stopped),
    setupMs: timesOf(taken.setup),
    startedMs: timesOf(taken.started),
  }
}

async function postgresScenarios(pid: number): Promise<readonly Scenario[]> {
  const symbols = await listSymbols(pid, 'postgres')
  const some = (wanted: number): readonly string[] => chooseGlobs(symbols, 'postgres', wanted)
  return [
    scenario('postgres', pid, '1 function', ['postgres:ExecutorRun']),
    scenario('postgres', pid, '100 functions', some(100)),
    scenario('postgres', pid, '1,000 functions', some(1000)),
    scenario('postgres', pid, 'all functions', ['postgres:*']),
    scenario('postgres', pid, 'all functions, and of libc', ['postgres:*', 'libc:*']),
  ]
}

/** Round-robin, so that a busy moment of the machine does not fall on one row alone. */
async function takeAll(scenarios: readonly Scenario[], rounds: number): Promise<readonly AttachRow[]> {
  for (let round = 0; round < rounds; round++) {
    for (const one of scenarios) await takeOne(one)
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return scenarios.map(rowOf)
}

async function postgresRows(rounds: number): Promise<readonly AttachRow[]> {
  await using running = await postgresWorkload.start()
  // Not without `await`: the server would be stopped first.
  return await takeAll(await postgresScenarios(running.pids[0] ?? 0), rounds)
}

async function threadRows(path: string, threads: number, rounds: number): Promise<readonly AttachRow[]> {
  await using target = await startTarget(path, ['--threads', String(threads)])
  const name = 'busy-threads'
  const scenarios = [
    scenario(name, target.pid, '1 function', ['libc:malloc']),
    scenario(name, target.pid, 'all functions of libc', ['libc:*']),
  ]
  const rows = await takeAll(scenarios, rounds)
  const report = await target.ask('report', /^anomalies/)
  if (!report.startsWith('anomalies=0 ')) throw new Error(`the target noticed: ${report}`)
  return rows
}

/** How long a target is stopped and how long a user waits, from one function to all of them. */
export async function runAttach(rounds: number): Promise<AttachReport> {
  const rows: AttachRow[] = []
  const unavailable: string[] = []
  const missing = postgresWorkload.missing()
  if (missing === undefined) rows.push(...(await postgresRows(rounds)))
  else unavailable.push(`postgres: ${missing}`)
  const built = await buildProgram('busy-threads')
  if (built.kind === 'missing') unavailable.push(`busy-threads: ${built.because}`)
  else for (const threads of [4, 32, 64]) rows.push(...(await threadRows(built.path, threads, rounds)))
  return { machine: describeMachine(), rounds, rows, unavailable }
}
