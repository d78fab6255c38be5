import type { Mechanism, ProbePlan } from '../probe/mechanism.js'
import type { ModuleSites, RefusedSite, Site } from '../probe/site.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'

/** What one mechanism said about one site. */
export interface Verdict {
  readonly mechanism: string
  /** Undefined: it serves the site. */
  readonly refusal: Refusal | undefined
}

/** A mechanism with the sites that fell to it. */
export interface Step {
  readonly mechanism: Mechanism
  readonly plan: ProbePlan
}

/** Every site with the cheapest mechanism that serves it, and the reasoning. */
export interface Ladder {
  readonly steps: readonly Step[]
  /** Sites that no mechanism serves, with what the first had to say. */
  readonly refused: readonly RefusedSite[]
  readonly verdicts: ReadonlyMap<Site, readonly Verdict[]>
}

/** Asks one mechanism after the other, the cheapest first; what one refuses, the next is asked for. */
export async function climb(mechanisms: readonly Mechanism[], modules: readonly ModuleSites[]): Promise<Ladder> {
  const steps: Step[] = []
  const verdicts = new Map<Site, Verdict[]>()
  let left = modules.filter(({ sites }) => sites.length > 0)
  for (const mechanism of mechanisms) {
    if (left.length === 0) break
    const plan = (await mechanism.prepare?.()) ?? mechanism.plan(left)
    const refused = isRefusal(plan) ? everySite(left, plan) : plan.refused
    if (!isRefusal(plan)) {
      if (plan.served.length > 0) steps.push({ mechanism, plan })
      for (const site of plan.served) note(verdicts, site, { mechanism: mechanism.traits.name, refusal: undefined })
    }
    for (const { site, refusal } of refused) note(verdicts, site, { mechanism: mechanism.traits.name, refusal })
    left = onlySites(left, new Set(refused.map(({ site }) => site)))
  }
  return {
    steps,
    refused: left.flatMap(({ sites }) => sites.flatMap((site) => firstRefusal(verdicts, site))),
    verdicts,
  }
}

/** What was said of each site that is served. */
export function servedVerdicts({ steps, verdicts }: Ladder): (readonly Verdict[])[] {
  return steps.flatMap(({ plan }) => plan.served.map((site) => verdicts.get(site) ?? []))
}

function everySite(modules: readonly ModuleSites[], refusal: Refusal): RefusedSite[] {
  return modules.flatMap(({ sites }) => sites.map((site) => ({ site, refusal })))
}

function note(verdicts: Map<Site, Verdict[]>, site: Site, verdict: Verdict): void {
  const known = verdicts.get(site)
  if (known === undefined) verdicts.set(site, [verdict])
  else known.push(verdict)
}

/** Modules with these of their sites alone. */
export function onlySites(modules: readonly ModuleSites[], wanted: ReadonlySet<Site>): ModuleSites[] {
  return modules
    .map((module) => ({ ...module, sites: module.sites.filter((site) => wanted.has(site)) }))
    .filter(({ sites }) => sites.length > 0)
}

/** The cheapest mechanism's: it says most about the site. */
function firstRefusal(verdicts: ReadonlyMap<Site, readonly Verdict[]>, site: Site): RefusedSite[] {
  const refusal = verdicts.get(site)?.find((verdict) => verdict.refusal !== undefined)?.refusal
  return refusal === undefined ? [] : [{ site, refusal }]
}
