import type { Vaddr } from '../bytes/address.js'
import type { FunctionReturns } from '../isa/function-returns.js'
import type { Architecture } from '../isa/site-analysis.js'
import type { ModuleSites, RefusedSite, Site } from '../probe/site.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { joinModules } from './join-modules.js'
import type { ModuleCatalog } from './module-catalog.js'
import { namesIn } from './names-in-module.js'
import { siteInFunction } from './program-sites.js'
import type { ReadPatterns } from './read-patterns.js'
import { type ResolvedSites, resolveSites } from './resolve-sites.js'

/** What patterns name in a target: functions, and instructions at which they return. */
export async function resolveAsked(
  catalog: ModuleCatalog,
  arch: Architecture,
  { functions, returns }: ReadPatterns,
): Promise<ResolvedSites | Refusal> {
  const called = await resolveSites(catalog, functions)
  if (isRefusal(called)) return called
  const returning = await resolveSites(catalog, returns)
  return isRefusal(returning) ? returning : together(called, await returnsOf(returning, arch, catalog))
}

/** The instructions at which functions return, in the place of those at which they begin. All of a function have one key. */
async function returnsOf(
  { modules, refused }: ResolvedSites,
  arch: Architecture,
  catalog: ModuleCatalog,
): Promise<ResolvedSites> {
  const lost: RefusedSite[] = refused.map(({ site, refusal }) => ({ site: named(site), refusal }))
  const found: ModuleSites[] = []
  for (const module of modules) {
    const find = arch.returnFinder(module.facts)
    const nameAt = await namesIn(catalog, module)
    const sites = module.sites.flatMap((site) => {
      const returns = countable(find(site.vaddr), nameAt)
      if (!isRefusal(returns)) return returns.at.map((at) => ({ ...siteInFunction(site, at), key: named(site).key }))
      lost.push({ site: named(site), refusal: returns })
      return []
    })
    found.push({ ...module, sites })
  }
  return { modules: found, refused: lost }
}

/** A counter does not know whose call returns where several functions do. */
function countable(returns: FunctionReturns | Refusal, nameAt: (vaddr: Vaddr) => string): FunctionReturns | Refusal {
  if (isRefusal(returns) || returns.followed.length === 0) return returns
  const others = returns.followed.map(({ begin }) => nameAt(begin)).join(', ')
  return refuse(
    'tail-call',
    `its calls also return in ${others}, to which it jumps, and a counter cannot tell them from others there: uretprobe in a script and ring3 latency can`,
  )
}

function named(site: Site): Site {
  return { ...site, key: `uretprobe:${site.key}` }
}

function together(one: ResolvedSites, other: ResolvedSites): ResolvedSites {
  return { modules: joinModules([...one.modules, ...other.modules]), refused: [...one.refused, ...other.refused] }
}

/**
 * Leaves out functions of which some returns cannot be caught: those of the others would be too few.
 * @returns undefined where nothing is to be left out
 */
export function withoutPartial(
  { modules, refused: before }: ResolvedSites,
  refused: readonly RefusedSite[],
): ResolvedSites | undefined {
  const lost = new Map(refused.filter(({ site }) => site.isReturn).map((each) => [each.site.key, each]))
  if (lost.size === 0) return undefined
  const isKept = ({ isReturn, key }: Site): boolean => isReturn !== true || !lost.has(key)
  return {
    modules: modules.map((module) => ({ ...module, sites: module.sites.filter(isKept) })),
    refused: [...before, ...lost.values()],
  }
}
