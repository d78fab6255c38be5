import { CountProcess, missingCli } from '../../test/runtime/ring3-cli.js'
import type { CallCostTarget } from '../call-cost-target.js'
import { compiledIn, interleaved } from './interleave.js'
import type { Engaged, Variant } from './variant.js'

/** Calls in a block: some 15 ms. */
const calls = 8_000_000

/** Nothing is switched on: shows the noise that every other row has, too. */
export const unprobed: Variant = interleaved({
  name: 'unprobed',
  what: 'the same call again',
  call: 'plain',
  threads: [1, 2],
  calls,
  repeats: 5,
  copies: 4,
  unavailable: async () => undefined,
  engage: async () => ({ disengage: async () => undefined }),
})

export const compiledCounter: Variant = compiledIn('compiled in', 'a thread-local counter, gcc -O2', 'compiled', calls)

async function countWithRing3(target: CallCostTarget): Promise<Engaged> {
  const count = new CountProcess(target.pid, ['call-cost:plain_*'], ['--all'])
  const { refused } = await count.attached()
  if (refused.length > 0) throw new Error(`refused: ${refused.map(({ because }) => because).join(' ')}`)
  const before = new Map(target.calls)
  return {
    async disengage() {
      const { counts, code, stderr } = await count.finish()
      if (code !== 0) throw new Error(`ring3 ended with ${code}: ${stderr}`)
      for (const [site, hits] of counts) {
        const call = site.replace('call-cost:', '')
        const made = (target.calls.get(call) ?? 0n) - (before.get(call) ?? 0n)
        if (hits !== made) throw new Error(`${call}: ${made} calls, counted ${hits}`)
      }
    },
  }
}

export const ring3Count: Variant = interleaved({
  name: 'ring3 count',
  what: 'a jump and a counter per thread',
  call: 'plain',
  threads: [1, 2],
  calls,
  repeats: 5,
  copies: 4,
  unavailable: async () => missingCli(),
  engage: countWithRing3,
})
