import { shortModuleName } from '../probe/module-match.js'
import { nearestNames } from '../symbols/nearest-names.js'
import type { MappedModule } from '../target/module.js'
import type { CatalogModule } from './module-catalog.js'

const SUGGESTIONS = 3

export function suggestModules(wanted: string, modules: readonly MappedModule[]): string {
  const names = modules.map(({ path }) => shortModuleName(path))
  const near = nearestNames(wanted, names, SUGGESTIONS)
  return didYouMean(near.length > 0 ? near : names.slice(0, SUGGESTIONS))
}

export function suggestSymbols(wanted: string, modules: readonly CatalogModule[]): string {
  const names = modules.flatMap(({ loaded }) => nearestNames(wanted, loaded.symbols.names(), SUGGESTIONS))
  return didYouMean(names.slice(0, SUGGESTIONS))
}

export function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? '' : `; did you mean ${names.join(', ')}?`
}
