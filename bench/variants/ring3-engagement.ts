import { CountProcess } from '../../test/runtime/ring3-cli.js'
import type { CallCostTarget } from '../call-cost-target.js'
import type { Engaged } from './variant.js'

/** Counts calls as a user does, and compares the counts with the calls that were made. `calls` is a glob. */
export async function countWithRing3(target: CallCostTarget, calls: string, args: readonly string[]): Promise<Engaged> {
  const count = new CountProcess(target.pid, [`call-cost:${calls}`], ['--all', ...args])
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
