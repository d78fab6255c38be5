import type { PassedOverRecord } from '../record/attached-record.js'
import type { Verdict } from './ladder.js'

/** Why cheaper mechanisms do not serve sites that others do: each reason with how often it came up. */
export function passedOver(verdictsOfServed: Iterable<readonly Verdict[]>): PassedOverRecord[] {
  const reasons = new Map<string, PassedOverRecord>()
  for (const verdicts of verdictsOfServed) {
    for (const { mechanism, refusal } of verdicts) {
      if (refusal === undefined) continue
      const { code, because } = refusal
      const key = `${mechanism} ${code}`
      const known = reasons.get(key) ?? { mechanisms: [mechanism], probes: 0, code, because }
      reasons.set(key, { ...known, probes: known.probes + 1 })
    }
  }
  return [...reasons.values()].sort((a, b) => b.probes - a.probes)
}
