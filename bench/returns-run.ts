import { quantile } from '../test/robustness/figures.js'
import { CallCostTarget } from './call-cost-target.js'
import { describeMachine, type Machine } from './machine.js'
import { type ReturnVariant, type ReturnVariantName, returnVariants } from './variants/return-variants.js'
import { uftraceRecord } from './variants/uftrace-variant.js'

export interface ReturnRow {
  readonly name: string
  readonly what: string
  /** Nanoseconds beyond the unprobed call, or why there are none. */
  readonly addedNs: number | undefined
  readonly unavailable?: string
}

/** What is compared with what, as the one divided by the other. */
export interface ReturnRatio {
  readonly name: string
  readonly ratio: number | undefined
  readonly goal: string
}

export interface ReturnsReport {
  readonly machine: Machine
  readonly rounds: number
  readonly unprobedNs: number
  readonly rows: readonly ReturnRow[]
  readonly ratios: readonly ReturnRatio[]
}

/** Blocks in turn while a variant is engaged, and how many of the fastest are passed over: others use the processor, too. */
const BLOCKS = 25
const FAST = 0.2
const BLOCK_NS = 1e6
/** At least and at most in a block. */
const CALLS = [100, 500_000] as const

interface Entrant {
  readonly variant: ReturnVariant
  unavailable: string | undefined
  readonly added: number[]
}

/** Functions beside the one that is probed, measured in turn with it: without probe, and with what is compiled in. */
interface Compiled {
  readonly unprobed: number[]
  readonly pair: number[]
  readonly timed: number[]
}

/** One process; each variant in turn, round after round. */
export async function runReturns(rounds: number, only?: string): Promise<ReturnsReport> {
  const entrants = Object.values<ReturnVariant>(returnVariants)
    .filter(({ name }) => only === undefined || name.startsWith(only))
    .map((variant): Entrant => ({ variant, unavailable: variant.unavailable(), added: [] }))
  const compiled: Compiled = { unprobed: [], pair: [], timed: [] }
  const recorded: number[] = []
  await using target = await CallCostTarget.start('call-cost')
  for (let round = 0; round < rounds; round++) {
    for (const entrant of entrants) await takePart(target, entrant, compiled)
    if (only === undefined && (await uftraceRecord.unavailable()) === undefined)
      recorded.push(
        ...(await uftraceRecord.sample(target)).flatMap(({ threads, addedNs }) => (threads === 1 ? [addedNs] : [])),
      )
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return report(rounds, entrants, compiled, recorded)
}

async function takePart(target: CallCostTarget, entrant: Entrant, compiled: Compiled): Promise<void> {
  if (entrant.unavailable !== undefined) return
  const { variant, added } = entrant
  try {
    const engaged = await variant.engage(target)
    const times = await measure(target).finally(() => engaged.disengage())
    added.push(times.probed - times.unprobed)
    for (const name of ['unprobed', 'pair', 'timed'] as const)
      compiled[name].push(name === 'unprobed' ? times.unprobed : times[name] - times.unprobed)
  } catch (error) {
    if (!target.target.isRunning()) throw error
    entrant.unavailable = `failed: ${error instanceof Error ? error.message : String(error)}`
  }
}

const calls = { probed: 'plain_1', unprobed: 'plain_3', pair: 'pair_3', timed: 'timed' } as const

async function measure(target: CallCostTarget): Promise<Record<Called, number>> {
  const times: Record<Called, number[]> = { probed: [], unprobed: [], pair: [], timed: [] }
  const counts = new Map<Called, number>()
  for (const name of names) counts.set(name, await callsInBlock(target, name))
  for (let block = 0; block < BLOCKS; block++)
    for (const [name, count] of counts) times[name].push(...(await measureBlock(target, name, count)))
  const fast = (name: Called): number => quantile(times[name], FAST)
  return { probed: fast('probed'), unprobed: fast('unprobed'), pair: fast('pair'), timed: fast('timed') }
}

type Called = keyof typeof calls
const names: readonly Called[] = ['probed', 'unprobed', 'pair', 'timed']

function measureBlock(target: CallCostTarget, name: Called, count: number): Promise<readonly number[]> {
  return target.measure({ call: calls[name], threads: 1, calls: count, repeats: 3 })
}

/** Blocks that last longer are interrupted more; and some tools take ten thousand times as long as others. */
async function callsInBlock(target: CallCostTarget, name: Called): Promise<number> {
  const [least, most] = CALLS
  const ns = Math.min(...(await measureBlock(target, name, least)))
  return Math.max(least, Math.min(most, Math.round(BLOCK_NS / ns)))
}

function report(
  rounds: number,
  entrants: readonly Entrant[],
  compiled: Compiled,
  recorded: readonly number[],
): ReturnsReport {
  const [unprobedNs = Number.NaN, pairNs, timedNs, uftraceNs] = [
    ...[compiled.unprobed, compiled.pair, compiled.timed].map(medianOf),
    medianOf(recorded),
  ]
  const addedBy = (wanted: ReturnVariantName): number | undefined =>
    medianOf(entrants.find(({ variant }) => variant === returnVariants[wanted])?.added ?? [])
  const rows: ReturnRow[] = [
    { name: 'compiled in, two counters', what: 'thread-local, gcc -O2', addedNs: pairNs },
    {
      name: 'compiled in, latency',
      what: 'two rdtsc and a thread-local histogram of ticks, gcc -O2',
      addedNs: timedNs,
    },
    ...entrants.map(({ variant: { name, what }, added, unavailable }) => ({
      name,
      what,
      addedNs: medianOf(added),
      ...(unavailable !== undefined && { unavailable }),
    })),
    { name: 'uftrace record', what: 'a program built with -pg, started under it', addedNs: uftraceNs },
  ]
  return {
    machine: describeMachine(),
    rounds,
    unprobedNs,
    rows,
    ratios: ratiosOf(addedBy, { pairNs, timedNs, uftraceNs }),
  }
}

type Nanoseconds = number | undefined

function ratiosOf(
  addedBy: (name: ReturnVariantName) => Nanoseconds,
  { pairNs, timedNs, uftraceNs }: Readonly<Record<'pairNs' | 'timedNs' | 'uftraceNs', Nanoseconds>>,
): ReturnRatio[] {
  const compare = (name: string, a: Nanoseconds, b: Nanoseconds, goal: string): ReturnRatio => ({
    name,
    ratio: a === undefined || b === undefined ? undefined : a / b,
    goal,
  })
  const allowed = pairNs === undefined ? undefined : Math.max(3, 2 * pairNs)
  const script = addedBy('ring3Script')
  return [
    compare('script count, of 3 ns or two compiled-in pairs', script, allowed, '≤ 1'),
    compare('ring3 count uretprobe:, of the same', addedBy('ring3Count'), allowed, '≤ 1'),
    compare('ring3 latency to compiled-in latency', addedBy('ring3Latency'), timedNs, '≤ 1.5'),
    compare('uftrace to script count', uftraceNs, script, '≥ 4'),
    compare('uftrace to ring3 latency', uftraceNs, addedBy('ring3Latency'), '≥ 4'),
    compare('kernel uretprobe to script count', addedBy('kernelReturn'), script, '≥ 50'),
    compare('bpftrace count to script count', addedBy('bpftraceCount'), script, '≥ 50'),
    compare('bpftrace hist to ring3 latency', addedBy('bpftraceLatency'), addedBy('ring3Latency'), '≥ 50'),
    compare('bpftrace ustack to ring3 ustack', addedBy('bpftraceStack'), addedBy('ring3Stack'), '≥ 5'),
  ]
}

function medianOf(numbers: readonly number[]): Nanoseconds {
  return numbers.length === 0
    ? undefined
    : quantile(
        numbers.toSorted((a, b) => a - b),
        0.5,
      )
}
