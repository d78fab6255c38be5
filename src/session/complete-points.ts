import type { ModuleSites, RefusedSite } from '../probe/site.js'
import type { ProgramSites } from './program-sites.js'

/** Numbers of the points that lack a site, be it one of several. Sites of several names have one of them here. */
export function incompletePoints(
  { at, resolved }: Pick<ProgramSites, 'at' | 'resolved'>,
  refused: ReadonlySet<string>,
): Set<number> {
  const lost = resolved.modules.flatMap(({ sites }) => sites.filter(({ key }) => refused.has(key)))
  return new Set(lost.flatMap(({ address }) => (at.get(address) ?? []).map(({ point }) => point)))
}

/**
 * Leaves out the probes that lack a site, with all their others: a return that is not caught where it happens would be taken for
 * none. @returns undefined where nothing is to be left out
 */
export function withoutIncomplete(sites: ProgramSites, refused: readonly RefusedSite[]): ProgramSites | undefined {
  if (refused.length === 0) return undefined
  // By address: two names of a function are two points at one site, which has one of the names.
  const incomplete = new Set(
    refused.flatMap(({ site }) => (sites.at.get(site.address) ?? []).map(({ point }) => point)),
  )
  const complete = [...sites.at].map(
    ([site, placed]) => [site, placed.filter(({ point }) => !incomplete.has(point))] as const,
  )
  const at = new Map(complete.filter(([, placed]) => placed.length > 0))
  const modules = sites.resolved.modules.map(
    (module): ModuleSites => ({ ...module, sites: module.sites.filter(({ address }) => at.has(address)) }),
  )
  return { ...sites, at, resolved: { modules, refused: [...sites.resolved.refused, ...refused] } }
}
