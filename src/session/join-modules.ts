import type { Address } from '../bytes/address.js'
import type { ModuleSites } from '../probe/site.js'

/** Each module once, with all sites that are wanted in it: one for each address, whoever asks for it. */
export function joinModules(modules: readonly ModuleSites[]): ModuleSites[] {
  const joined = new Map<Address, ModuleSites>()
  for (const module of modules) {
    const known = joined.get(module.start)?.sites ?? []
    const sites = new Map([...known, ...module.sites].map((site) => [site.address, site] as const))
    joined.set(module.start, { ...module, sites: [...sites.values()] })
  }
  return [...joined.values()]
}
