import type { ModuleSites } from '../probe/site.js'
import { isRefusal } from '../refusal/refusal.js'
import type { ModuleCatalog } from './module-catalog.js'
import { resolveSites } from './resolve-sites.js'

/**
 * Where a target ends by itself: `_exit` of the C library, or of an executable that has it linked in. None where neither has one by
 * that name; processes that are killed do not come there.
 */
export async function exitSites(catalog: ModuleCatalog, executable: string): Promise<readonly ModuleSites[]> {
  for (const module of ['libc', executable]) {
    const found = await resolveSites(catalog, [`${module}:_exit`])
    if (!isRefusal(found)) return found.modules
  }
  return []
}
