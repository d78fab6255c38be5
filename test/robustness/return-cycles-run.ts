import { attach, type Session } from '../../src/ring3.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { parseTally } from '../runtime/exactness-run.js'
import { captureState, stateDifferences } from '../runtime/target-state.js'

export interface ReturnCyclesReport {
  readonly cycles: number
  readonly calls: number
  readonly returns: number
  /** Cycles in which more or fewer returns were seen than calls, but for those in progress at the end. */
  readonly mismatched: number
  /** Results of the program that were wrong. */
  readonly wrong: number
  /** Of text and mappings, from before. */
  readonly differences: readonly string[]
}

const THREADS = 8
/** `recurse` and what it calls, and more. */
const MOST_IN_PROGRESS = 64 * THREADS

const script = `
  uprobe:calls:work, uprobe:calls:leaf, uprobe:calls:recurse { @calls = count() }
  uretprobe:calls:work, uretprobe:calls:leaf, uretprobe:calls:recurse { @returns = count() }`

/** Plants and takes out probes of returns in a program whose eight threads call the functions all the time. */
export async function runReturnCycles(cycles: number): Promise<ReturnCyclesReport | { readonly missing: string }> {
  const built = await buildProgram('calls')
  if (built.kind === 'missing') return { missing: built.because }
  await using target = await startTarget(built.path, ['--threads', String(THREADS), '--calls', '200000'])
  const before = captureState(target.pid)
  const sums = { calls: 0, returns: 0, mismatched: 0, wrong: 0 }
  let isOver = false
  const work = (async () => {
    while (!isOver) sums.wrong += Number(parseTally(await target.ask('go', /^counted/, 300_000)).get('wrong'))
  })()
  {
    await using session = await attach(target.pid, { via: 'jump' })
    for (let cycle = 0; cycle < cycles; cycle++) {
      const { calls, returns } = await runCycle(session)
      sums.calls += calls
      sums.returns += returns
      if (returns > calls || calls - returns > MOST_IN_PROGRESS) sums.mismatched++
    }
  }
  isOver = true
  await work
  return { cycles, ...sums, differences: stateDifferences(before) }
}

async function runCycle(session: Session): Promise<{ readonly calls: number; readonly returns: number }> {
  await using run = await session.run(script)
  await run.close()
  return { calls: Number(run.maps['calls'] ?? 0), returns: Number(run.maps['returns'] ?? 0) }
}
