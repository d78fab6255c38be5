import { hex, type Vaddr } from '../bytes/address.js'
import type { ModuleSites } from '../probe/site.js'
import { isRefusal } from '../refusal/refusal.js'
import type { ModuleCatalog } from './module-catalog.js'

/** What the functions that begin at addresses of a module are called. */
export async function namesIn(
  catalog: ModuleCatalog,
  { start }: Pick<ModuleSites, 'start'>,
): Promise<(begin: Vaddr) => string> {
  const mapped = catalog.modules().find((module) => module.start === start)
  const module = mapped === undefined ? undefined : await catalog.load(mapped)
  return (begin) => (isRefusal(module) ? undefined : module?.loaded.symbols.at(begin)?.name) ?? hex(begin)
}
