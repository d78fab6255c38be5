import type { JumpPlan } from '../mechanisms/jump/plan.js'
import type { Installation } from '../target/installation.js'
import type { CounterReader } from './counter-reader.js'
import type { Attached, Snapshot } from './session-types.js'

/** The probes of one request, at work. */
export interface ProbeGroup {
  readonly plan: JumpPlan
  readonly installation: Installation
  readonly reader: CounterReader
  readonly attached: Attached
  /** process.hrtime when the probes began to work. */
  readonly since: bigint
}

/** Sums the counters by key: several sites can have one name. */
export function snapshotOf(group: ProbeGroup, totals: BigUint64Array, targetGone: boolean): Snapshot {
  const counts = new Map<string, bigint>()
  for (const { site, index } of group.plan.served) {
    counts.set(site.key, (counts.get(site.key) ?? 0n) + (totals[index] ?? 0n))
  }
  return { counts, elapsedMs: Number(process.hrtime.bigint() - group.since) / 1e6, targetGone }
}
