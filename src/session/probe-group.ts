import type { InstalledProbes } from '../probe/mechanism.js'
import type { Attached, Snapshot } from './session-types.js'

/** The probes of one request, at work. */
export interface ProbeGroup {
  readonly installed: readonly InstalledProbes[]
  readonly attached: Attached
  /** process.hrtime when the probes began to work. */
  readonly since: bigint
}

/** Sums the counters by key: several sites can have one name. */
export function snapshotOf({ installed, since }: ProbeGroup, read: Read): Snapshot {
  const counts = new Map<string, bigint>()
  let targetGone = false
  for (const probes of installed) {
    const totals = read(probes)
    if (totals === undefined) targetGone = true
    addTotals(counts, probes, totals ?? probes.latest())
  }
  return { counts, elapsedMs: Number(process.hrtime.bigint() - since) / 1e6, targetGone }
}

/** How counters are got: undefined when they can no longer be. */
type Read = (probes: InstalledProbes) => BigUint64Array | undefined

/** Nothing is known of sites that were left out at the last moment. */
function addTotals(counts: Map<string, bigint>, { sites, leftOut }: InstalledProbes, totals: BigUint64Array): void {
  const lost = new Set<InstalledProbes['sites'][number]>(leftOut.map(({ site }) => site))
  sites.forEach((site, index) => {
    if (!lost.has(site)) counts.set(site.key, (counts.get(site.key) ?? 0n) + (totals[index] ?? 0n))
  })
}
