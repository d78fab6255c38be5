import { hex } from '../bytes/address.js'
import type { Mechanism } from '../probe/mechanism.js'
import type { Site } from '../probe/site.js'
import type { ReturnsRecord } from '../record/explanation-record.js'
import type { Refusal } from '../refusal/refusal.js'
import type { Ladder, Verdict } from './ladder.js'
import type { ResolvedSites } from './resolve-sites.js'
import type { Explanation, MechanismVerdict } from './session-types.js'

/** Everything that was decided about the sites of a request, in words and bytes. */
export function explain(
  { steps, verdicts, refused }: Ladder,
  { modules, refused: unresolved }: ResolvedSites,
  mechanisms: readonly Mechanism[],
  returns: ReadonlyMap<Site, ReturnsRecord>,
): Explanation[] {
  const pathOf = new Map(modules.flatMap(({ path, sites }) => sites.map((site) => [site, path] as const)))
  const identified = (site: Site) => ({ ...identify(site, pathOf.get(site) ?? ''), ...returnsOf(returns.get(site)) })
  const names = mechanisms.map(({ traits }) => traits.name)
  const reasons = (site: Site): MechanismVerdict[] => (verdicts.get(site) ?? []).map(verdictOf)
  return [
    ...steps.flatMap(({ plan }) =>
      plan.served.map((site) => ({ ...identified(site), verdicts: reasons(site), ...plan.explain(site) })),
    ),
    ...unresolved.map(({ site, refusal }) => ({ ...identified(site), verdicts: names.map(refusedBy(refusal)) })),
    ...refused.map(({ site }) => ({ ...identified(site), verdicts: reasons(site) })),
  ]
}

function returnsOf(returns: ReturnsRecord | undefined): Pick<Explanation, 'returns'> {
  return returns === undefined ? {} : { returns }
}

function verdictOf({ mechanism, refusal }: Verdict): MechanismVerdict {
  return refusal === undefined ? { mechanism, chosen: true } : refusedBy(refusal)(mechanism)
}

function refusedBy({ code, because }: Refusal): (mechanism: string) => MechanismVerdict {
  return (mechanism) => ({ mechanism, chosen: false, refused: { code, because } })
}

function identify(site: Site, path: string): Pick<Explanation, 'site' | 'address' | 'file' | 'fileOffset'> {
  return { site: site.key, address: hex(site.address), file: path, fileOffset: hex(site.fileOffset) }
}
