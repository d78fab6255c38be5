import { median } from '../../test/robustness/figures.js'
import { type Block, type CallCostTarget, copies } from '../call-cost-target.js'
import type { Engaged, Sample, Variant } from './variant.js'

export interface InterleavedVariant {
  readonly name: string
  readonly what: string
  /** Without the number of the copy: `plain` or `lea`. */
  readonly call: 'plain' | 'lea'
  readonly threads: readonly number[]
  readonly calls: number
  readonly repeats: number
  /** How many of the copies take part: slow tools measure one, as alignment is nothing beside their cost. */
  readonly copies: number
  unavailable(): Promise<string | undefined>
  engage(target: CallCostTarget): Promise<Engaged>
}

/** Every block of a variant, in the order in which it is measured. */
function blocksOf(variant: InterleavedVariant): readonly Block[] {
  const { calls, repeats } = variant
  return variant.threads.flatMap((threads) =>
    copies.slice(0, variant.copies).map((copy) => ({ call: `${variant.call}_${copy}`, threads, calls, repeats })),
  )
}

async function measureAll(target: CallCostTarget, blocks: readonly Block[]): Promise<readonly number[]> {
  const results: number[] = []
  for (const block of blocks) results.push(median(await target.measure(block)))
  return results
}

/** Of the blocks without a probe, none may be so short that the clock shows. */
const fewestUnprobedCalls = 1_000_000

/**
 * A variant that is switched on and off in the same process: unprobed blocks before and after, so that a change of the
 * machine's pace falls out.
 */
export function interleaved(variant: InterleavedVariant): Variant {
  const { name, what } = variant
  return {
    name,
    what,
    unavailable: () => variant.unavailable(),
    async sample(target: CallCostTarget): Promise<readonly Sample[]> {
      const blocks = blocksOf(variant)
      const unprobed = blocks.map((block) => ({ ...block, calls: Math.max(block.calls, fewestUnprobedCalls) }))
      const before = await measureAll(target, unprobed)
      const engaged = await variant.engage(target)
      const during = await measureAll(target, blocks).finally(() => engaged.disengage())
      const after = await measureAll(target, unprobed)
      return blocks.map(({ threads }, n) => ({
        threads,
        addedNs: (during[n] ?? Number.NaN) - ((before[n] ?? Number.NaN) + (after[n] ?? Number.NaN)) / 2,
      }))
    },
  }
}

/** A variant that is compiled in: its own functions beside the unprobed ones. */
export function compiledIn(name: string, what: string, call: string, calls: number): Variant {
  return {
    name,
    what,
    unavailable: async () => undefined,
    async sample(target: CallCostTarget): Promise<readonly Sample[]> {
      const samples: Sample[] = []
      for (const threads of [1, 2]) {
        for (const copy of copies) {
          const block = { threads, calls, repeats: 5 }
          const before = median(await target.measure({ ...block, call: `plain_${copy}` }))
          const during = median(await target.measure({ ...block, call: `${call}_${copy}` }))
          const after = median(await target.measure({ ...block, call: `plain_${copy}` }))
          samples.push({ threads, addedNs: during - (before + after) / 2 })
        }
      }
      return samples
    },
  }
}
