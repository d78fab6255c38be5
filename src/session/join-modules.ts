import type { Address } from '../bytes/address.js'
import type { ModuleSites } from '../probe/site.js'

/**
 * Each module once, with all sites that are wanted in it: one for each address, whoever asks for it. It can only be done without if
 * all who ask can do without.
 */
export function joinModules(modules: readonly ModuleSites[]): ModuleSites[] {
  const joined = new Map<Address, ModuleSites>()
  for (const module of modules) {
    const sites = new Map((joined.get(module.start)?.sites ?? []).map((site) => [site.address, site] as const))
    for (const site of module.sites) {
      const known = sites.get(site.address)
      if (known === undefined || known.isOptional || !site.isOptional) sites.set(site.address, site)
    }
    joined.set(module.start, { ...module, sites: [...sites.values()] })
  }
  return [...joined.values()]
}
