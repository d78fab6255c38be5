import { setTimeout as sleep } from 'node:timers/promises'
import { attach, type Session } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { parseTally } from '../runtime/exactness-run.js'
import { captureState, stateDifferences } from '../runtime/target-state.js'
import { nodeWorkload } from '../workloads/node-workload.js'
import type { LoadResult } from '../workloads/workload.js'

export interface ThrowsReport {
  readonly exceptions: number
  readonly functions: number
  /** Returns that were seen, and how many of them were to be. */
  readonly returns: readonly [seen: number, made: number]
  readonly ofLibrary: number
  /** Results of the program that were wrong. */
  readonly wrong: number
  readonly warnings: readonly string[]
  /** Of text and mappings, from before. */
  readonly differences: readonly string[]
}

const THREADS = 2
/** Of each thread in a round; a third of them throw. */
const CALLS = 60_000
const EXCEPTIONS = (THREADS * CALLS) / 3

/** Exceptions through frames whose returns are probed: those of the program, and those of libstdc++ that a glob names. */
export async function runThrows(
  exceptions: number,
  library: string,
): Promise<ThrowsReport | { readonly missing: string }> {
  const built = await buildProgram('throws')
  if (built.kind === 'missing') return { missing: built.because }
  await using target = await startTarget(built.path, ['--threads', String(THREADS), '--calls', String(CALLS)])
  const before = captureState(target.pid)
  const rounds = Math.ceil(exceptions / EXCEPTIONS)
  let [made, wrong] = [0, 0]
  const seen = await withReturns(
    target.pid,
    `uretprobe:throws:passer { @passer = count() }
     uretprobe:throws:* { @program = count() }
     uretprobe:libstdc++:${library} { @library = count() }`,
    async () => {
      for (let round = 0; round < rounds; round++) {
        const tally = parseTally(await target.ask('go', /^counted/, 600_000))
        made += Number(tally.get('work'))
        wrong += Number(tally.get('wrong'))
      }
    },
  )
  return {
    exceptions: rounds * EXCEPTIONS,
    functions: seen.functions,
    returns: [Number(seen.maps['passer'] ?? 0), made],
    ofLibrary: Number(seen.maps['library'] ?? 0),
    wrong,
    warnings: seen.warnings,
    differences: stateDifferences(before),
  }
}

export interface NodeReturnsReport {
  readonly functions: number
  readonly returns: number
  readonly load: LoadResult
  readonly warnings: readonly string[]
  /** Of the server, and of text and mappings. */
  readonly problems: readonly string[]
}

/** The functions of libuv, and those of V8 that are not its own affair, by their mangled names. */
const nodeFunctions = ['uv_*', '_ZN2v8[0-79]*', '_ZNK2v8[0-79]*', '_ZN2v88[!i]*', '_ZNK2v88[!i]*']

/** A server of node under load, with probes of the returns of what JavaScript is run with. */
export async function runNodeReturns(seconds: number): Promise<NodeReturnsReport> {
  await using running = await nodeWorkload.start()
  const load = running.startLoad()
  await sleep(500)
  const [pid = 0] = running.pids
  const before = captureState(pid)
  const probes = nodeFunctions.map((name) => `uretprobe:node:${name}`).join(', ')
  const { maps, ...seen } = await withReturns(pid, `${probes} { @ = count() }`, () => sleep(1000 * seconds))
  const result = await load.finish()
  const problems = [...stateDifferences(before), ...(await running.complaints())]
  return { ...seen, returns: Number(maps[''] ?? 0), load: result, problems }
}

async function withReturns(pid: number, script: string, work: () => Promise<unknown>) {
  const warnings: string[] = []
  await using session: Session = await attach(pid, { via: 'jump' })
  await using run = await session.run(script)
  run.on('warning', (text) => warnings.push(text))
  run.on('message', (text) => warnings.push(text))
  await work()
  await run.close()
  return { maps: run.maps, functions: run.attached?.probes ?? 0, warnings }
}
