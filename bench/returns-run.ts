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
const BLOCKS = 40
const FAST = 0.05
const BLOCK_NS = 1e6
/** At least and at most in a block. */
const CALLS = [100, 500_000] as const

interface Entrant {
  readonly variant: ReturnVariant
  unavailable: string | undefined
  readonly samples: Sample[]
}

/** Beyond the unprobed call: the probed function, and what is compiled in, measured in turn with it. */
interface Sample {
  readonly unprobed: number
  readonly added: number
  readonly pair: number
  readonly timed: number
}

/** One process; each variant in turn, round after round. */
export async function runReturns(rounds: number, only?: string): Promise<ReturnsReport> {
  const entrants = Object.values<ReturnVariant>(returnVariants)
    .filter(({ name }) => only === undefined || name.startsWith(only))
    .map((variant): Entrant => ({ variant, unavailable: variant.unavailable(), samples: [] }))
  const recorded: number[] = []
  await using target = await CallCostTarget.start('call-cost')
  for (let round = 0; round < rounds; round++) {
    for (const entrant of entrants) await takePart(target, entrant)
    if (only === undefined && (await uftraceRecord.unavailable()) === undefined)
      recorded.push(
        ...(await uftraceRecord.sample(target)).flatMap(({ threads, addedNs }) => (threads === 1 ? [addedNs] : [])),
      )
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return report(rounds, entrants, recorded)
}

async function takePart(target: CallCostTarget, entrant: Entrant): Promise<void> {
  if (entrant.unavailable !== undefined) return
  const { variant, samples } = entrant
  try {
    const engaged = await variant.engage(target)
    const { probed, unprobed, pair, timed } = await measure(target).finally(() => engaged.disengage())
    samples.push({ unprobed, added: probed - unprobed, pair: pair - unprobed, timed: timed - unprobed })
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

function report(rounds: number, entrants: readonly Entrant[], recorded: readonly number[]): ReturnsReport {
  const all = entrants.flatMap(({ samples }) => samples)
  const uftraceNs = medianOf(recorded)
  const rows: ReturnRow[] = [
    {
      name: 'compiled in, two counters',
      what: 'thread-local, gcc -O2',
      addedNs: medianOf(all.map(({ pair }) => pair)),
    },
    {
      name: 'compiled in, latency',
      what: 'two rdtsc and a thread-local histogram of ticks, gcc -O2',
      addedNs: medianOf(all.map(({ timed }) => timed)),
    },
    ...entrants.map(({ variant: { name, what }, samples, unavailable }) => ({
      name,
      what,
      addedNs: medianOf(samples.map(({ added }) => added)),
      ...(unavailable !== undefined && { unavailable }),
    })),
    { name: 'uftrace record', what: 'a program built with -pg, started under it', addedNs: uftraceNs },
  ]
  const samplesOf = (wanted: ReturnVariantName): readonly Sample[] =>
    entrants.find(({ variant }) => variant === returnVariants[wanted])?.samples ?? []
  const unprobedNs = medianOf(all.map(({ unprobed }) => unprobed)) ?? Number.NaN
  return { machine: describeMachine(), rounds, unprobedNs, rows, ratios: ratiosOf(samplesOf, uftraceNs) }
}

type Nanoseconds = number | undefined

/** What is compiled in is compared with what was measured in turn with it, everything else by medians. */
function ratiosOf(samplesOf: (name: ReturnVariantName) => readonly Sample[], uftraceNs: Nanoseconds): ReturnRatio[] {
  const addedBy = (name: ReturnVariantName): Nanoseconds => medianOf(samplesOf(name).map(({ added }) => added))
  const beside = (name: ReturnVariantName, compiled: (sample: Sample) => number): Nanoseconds =>
    medianOf(samplesOf(name).map((sample) => sample.added / compiled(sample)))
  const compare = (a: Nanoseconds, b: Nanoseconds): Nanoseconds =>
    a === undefined || b === undefined ? undefined : a / b
  const allowed = ({ pair }: Sample): number => Math.max(3, 2 * pair)
  const [script, latency] = [addedBy('ring3Script'), addedBy('ring3Latency')]
  return [
    { name: 'script count, of 3 ns or two compiled-in pairs', ratio: beside('ring3Script', allowed), goal: '≤ 1' },
    { name: 'ring3 count uretprobe:, of the same', ratio: beside('ring3Count', allowed), goal: '≤ 1' },
    {
      name: 'ring3 latency to compiled-in latency',
      ratio: beside('ring3Latency', ({ timed }) => timed),
      goal: '≤ 1.5',
    },
    { name: 'uftrace to script count', ratio: compare(uftraceNs, script), goal: '≥ 4' },
    { name: 'uftrace to ring3 latency', ratio: compare(uftraceNs, latency), goal: '≥ 4' },
    { name: 'kernel uretprobe to script count', ratio: compare(addedBy('kernelReturn'), script), goal: '≥ 50' },
    { name: 'bpftrace count to script count', ratio: compare(addedBy('bpftraceCount'), script), goal: '≥ 50' },
    { name: 'bpftrace hist to ring3 latency', ratio: compare(addedBy('bpftraceLatency'), latency), goal: '≥ 50' },
    {
      name: 'bpftrace ustack to ring3 ustack',
      ratio: compare(addedBy('bpftraceStack'), addedBy('ring3Stack')),
      goal: '≥ 5',
    },
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
