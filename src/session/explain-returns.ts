import { hex } from '../bytes/address.js'
import type { Architecture } from '../isa/site-analysis.js'
import type { ModuleSites, Site } from '../probe/site.js'
import type { ReturnsRecord } from '../record/explanation-record.js'
import { isRefusal } from '../refusal/refusal.js'
import type { ModuleCatalog } from './module-catalog.js'
import { namesIn } from './names-in-module.js'

/** Where the functions return that begin at sites of modules. Sites inside of functions have no returns. */
export async function explainReturns(
  catalog: ModuleCatalog,
  arch: Architecture,
  modules: readonly ModuleSites[],
): Promise<ReadonlyMap<Site, ReturnsRecord>> {
  const explained = new Map<Site, ReturnsRecord>()
  for (const module of modules) {
    const find = arch.returnFinder(module.facts)
    const nameAt = await namesIn(catalog, module)
    for (const site of module.sites) {
      const returns = find(site.vaddr)
      if (isRefusal(returns)) {
        const { code, because } = returns
        if (code !== 'unknown-boundaries') explained.set(site, { at: [], followed: [], refused: { code, because } })
        continue
      }
      const { at, followed } = returns
      explained.set(site, { at: at.map(hex), followed: followed.map(({ begin }) => nameAt(begin)) })
    }
  }
  return explained
}
