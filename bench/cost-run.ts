import { quantile } from '../test/robustness/figures.js'
import { CallCostTarget } from './call-cost-target.js'
import { describeMachine, type Machine } from './machine.js'
import { allVariants } from './variants/all-variants.js'
import type { Sample, ScheduledVariant } from './variants/variant.js'

export interface CostFigures {
  readonly samples: number
  readonly lowerNs: number
  readonly medianNs: number
  readonly upperNs: number
}

export interface CostRow {
  readonly name: string
  readonly what: string
  /** Why there are no figures. */
  readonly unavailable?: string
  readonly oneThread?: CostFigures
  readonly twoThreads?: CostFigures
}

export interface CostReport {
  readonly machine: Machine
  readonly rounds: number
  readonly rows: readonly CostRow[]
}

/** Of the samples with so many threads. */
export function figuresOf(samples: readonly Sample[], threads: number): CostFigures | undefined {
  const added = samples.filter((sample) => sample.threads === threads).map((sample) => sample.addedNs)
  if (added.length === 0) return undefined
  const at = (fraction: number): number => Math.round(quantile(added, fraction) * 1000) / 1000
  return { samples: added.length, lowerNs: at(0.25), medianNs: at(0.5), upperNs: at(0.75) }
}

interface Entrant {
  readonly variant: ScheduledVariant['variant']
  readonly every: number
  unavailable: string | undefined
  readonly samples: Sample[]
}

function rowOf({ variant, unavailable, samples }: Entrant): CostRow {
  const { name, what } = variant
  if (unavailable !== undefined) return { name, what, unavailable }
  const [oneThread, twoThreads] = [figuresOf(samples, 1), figuresOf(samples, 2)]
  return { name, what, ...(oneThread && { oneThread }), ...(twoThreads && { twoThreads }) }
}

async function runRound(target: CallCostTarget, round: number, entrants: readonly Entrant[]): Promise<void> {
  for (const entrant of entrants) {
    if (entrant.unavailable !== undefined || round % entrant.every !== 0) continue
    try {
      entrant.samples.push(...(await entrant.variant.sample(target)))
    } catch (error) {
      if (!target.target.isRunning()) throw error
      entrant.unavailable = `failed: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

/** Every way of counting in turn, or one beside what it is compared with. */
export function runCost(rounds: number, only?: string): Promise<CostReport> {
  const wanted = only === undefined ? undefined : ['unprobed', 'compiled in', only]
  return runInterleaved(
    allVariants.filter(({ variant }) => wanted?.includes(variant.name) ?? true),
    rounds,
  )
}

/** The variants in turn, round after round, on one process. */
export async function runInterleaved(variants: readonly ScheduledVariant[], rounds: number): Promise<CostReport> {
  const entrants: Entrant[] = []
  for (const { variant, every } of variants) {
    entrants.push({ variant, every, unavailable: await variant.unavailable(), samples: [] })
  }
  await using target = await CallCostTarget.start('call-cost')
  for (let round = 0; round < rounds; round++) {
    await runRound(target, round, entrants)
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return { machine: describeMachine(), rounds, rows: entrants.map(rowOf) }
}
