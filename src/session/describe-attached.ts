import type { RefusedSite } from '../probe/site.js'
import type { PassedOverRecord } from '../record/attached-record.js'
import type { Attached } from './session-types.js'

/** What has become of the sites of a request. */
export interface Outcome {
  /** Probes at work by mechanism, the cheapest first; a mechanism may come twice. */
  readonly probes: readonly (readonly [mechanism: string, probes: number])[]
  readonly refused: readonly RefusedSite[]
  readonly passedOver: readonly PassedOverRecord[]
  /** How long threads were held, in nanoseconds. */
  readonly heldNs: bigint
  readonly setupNs: bigint
}

/** An outcome as results say it. */
export function describeAttached({ probes, refused, passedOver, heldNs, setupNs }: Outcome): Attached {
  const mechanisms: Record<string, number> = {}
  for (const [mechanism, count] of probes) if (count > 0) mechanisms[mechanism] = (mechanisms[mechanism] ?? 0) + count
  return {
    probes: probes.reduce((sum, [, count]) => sum + count, 0),
    mechanisms,
    refused: refused.map(({ site, refusal: { code, because } }) => ({ site: site.key, code, because })),
    passedOver,
    stoppedNs: Number(heldNs),
    setupNs: Number(setupNs),
  }
}
