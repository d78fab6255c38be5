import { fileOffset, hex, type Vaddr, vaddr } from '../bytes/address.js'
import { PT } from '../elf/program-headers.js'
import { type ProbePattern, parsePattern } from '../probe/pattern.js'
import type { ModuleSites, RefusedSite, Site } from '../probe/site.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { isLiteralGlob } from '../symbols/glob.js'
import type { FunctionSymbol } from '../symbols/module-symbols.js'
import { addressOf } from '../target/module.js'
import { matchingFunctions, type NamedFunction } from './matching-functions.js'
import type { CatalogModule, ModuleCatalog } from './module-catalog.js'
import type { NamedModule } from './named-modules.js'
import { suggestModules, suggestSymbols } from './suggestions.js'

export interface ResolvedSites {
  readonly modules: readonly ModuleSites[]
  readonly refused: readonly RefusedSite[]
}

/** Finds the sites that the patterns name in the target. Refuses when any pattern cannot be read or matches nothing. */
export async function resolveSites(
  catalog: ModuleCatalog,
  patterns: readonly string[],
): Promise<ResolvedSites | Refusal> {
  const found = new Map<CatalogModule, Map<Vaddr, Site>>()
  const refused: RefusedSite[] = []
  for (const text of patterns) {
    const refusal = await resolvePattern(catalog, text, found, refused)
    if (refusal !== undefined) return refusal
  }
  const modules: ModuleSites[] = []
  for (const [module, sites] of found) {
    const facts = module.facts()
    if (isRefusal(facts)) return facts
    const { path, start, end, padding } = module
    modules.push({ path, start, end, facts, padding, sites: [...sites.values()] })
  }
  return { modules, refused }
}

async function resolvePattern(
  catalog: ModuleCatalog,
  text: string,
  found: Map<CatalogModule, Map<Vaddr, Site>>,
  refused: RefusedSite[],
): Promise<Refusal | undefined> {
  const pattern = parsePattern(text)
  if (isRefusal(pattern)) return pattern
  const modules = await matchingModules(catalog, pattern)
  if (isRefusal(modules)) return modules
  let matches = 0
  for (const { module, name } of modules) {
    const sites = sitesIn(module, name, pattern)
    if (isRefusal(sites)) return sites
    for (const { site, refusal } of sites) {
      matches++
      if (refusal === undefined) add(found, module, site)
      else refused.push({ site, refusal })
    }
  }
  return matches > 0 ? undefined : noMatch(pattern, modules)
}

function add(found: Map<CatalogModule, Map<Vaddr, Site>>, module: CatalogModule, site: Site): void {
  const sites = found.get(module) ?? new Map<Vaddr, Site>()
  if (!sites.has(site.vaddr)) sites.set(site.vaddr, site)
  found.set(module, sites)
}

/** A module that has been read, with the name that the pattern knows it by. */
export interface MatchedModule {
  readonly module: CatalogModule
  readonly name: string
}

/** The modules that a pattern names, read. A module that cannot be read matters only when it was named alone. */
export async function matchingModules(
  catalog: ModuleCatalog,
  pattern: Pick<ProbePattern, 'module'>,
): Promise<MatchedModule[] | Refusal> {
  const named = catalog.named(pattern.module)
  if (named.length === 0) {
    const near = suggestModules(pattern.module, catalog.modules())
    return refuse('no-match', `no module of the target is called ${pattern.module}${near}`)
  }
  if (named.length > 1 && isLiteralGlob(pattern.module)) return ambiguous(pattern, named)
  const readable: MatchedModule[] = []
  let refusal: Refusal | undefined
  for (const { module, name } of named) {
    const loaded = await catalog.load(module)
    if (isRefusal(loaded)) refusal ??= loaded
    else readable.push({ module: loaded, name })
  }
  return readable.length > 0 ? readable : (refusal ?? [])
}

function ambiguous(pattern: Pick<ProbePattern, 'module'>, named: readonly NamedModule[]): Refusal {
  const paths = named.map(({ module }) => module.path).join(', ')
  return refuse(
    'ambiguous-module',
    `${pattern.module} names ${named.length} modules: ${paths}; give the path of the one you mean`,
  )
}

interface SiteOrRefusal {
  readonly site: Site
  readonly refusal?: Refusal
}

function sitesIn(module: CatalogModule, moduleName: string, pattern: ProbePattern): SiteOrRefusal[] | Refusal {
  if (pattern.kind === 'file-offset') return siteAtOffset(module, moduleName, pattern.fileOffset)
  // What has a name of its own comes before what is reached through an IFUNC: the first name stays.
  const found = matchingFunctions(module.loaded.symbols, pattern.symbol).sort((a, b) => ifuncLast(a) - ifuncLast(b))
  const exact = isLiteralGlob(pattern.symbol)
  return found.map((named) => siteOf(module, moduleName, exact ? named : resolverNamed(module, named), pattern.offset))
}

function ifuncLast({ symbol }: NamedFunction): number {
  return symbol.kind === 'ifunc' ? 1 : 0
}

/** Where every function is wanted, the code of an IFUNC that nobody has called yet is one: it chooses. */
function resolverNamed(module: CatalogModule, named: NamedFunction): NamedFunction {
  const { symbol, name } = named
  if (symbol.kind !== 'ifunc' || module.implementation(symbol.vaddr) !== undefined) return named
  return { name: `${name}.resolver`, symbol: { ...symbol, kind: 'function' } }
}

function siteOf(
  module: CatalogModule,
  moduleName: string,
  { name, symbol }: NamedFunction,
  offset: number,
): SiteOrRefusal {
  const suffix = offset === 0 ? '' : `+${offset}`
  const key = `${moduleName}:${name}${suffix}`
  const chosen = symbol.kind === 'ifunc' ? module.implementation(symbol.vaddr) : symbol
  const site = siteAt(module, key, chosen ?? symbol, offset)
  if (chosen === undefined) return { site, refusal: ifunc(key) }
  return offset < chosen.size ? { site } : { site, refusal: beyondEnd(key, chosen.size) }
}

function siteAt(module: CatalogModule, key: string, symbol: FunctionSymbol, offset: number): Site {
  const at = vaddr(symbol.vaddr + offset)
  return { key, vaddr: at, fileOffset: fileOffset(symbol.fileOffset + offset), address: addressOf(module, at) }
}

function beyondEnd(key: string, size: number): Refusal {
  return refuse('not-an-instruction', `${key} lies beyond the end of the function, which is ${size} bytes long`)
}

function ifunc(key: string): Refusal {
  return refuse(
    'ifunc',
    `${key} is an IFUNC, and which implementation it has chosen cannot be found out; probe the implementation itself`,
  )
}

function siteAtOffset(module: CatalogModule, moduleName: string, offset: number): SiteOrRefusal[] | Refusal {
  const segment = module.image.segments.find(
    ({ type, fileOffset: from, fileSize }) => type === PT.LOAD && from <= offset && offset < from + fileSize,
  )
  if (segment === undefined) return refuse('not-text', `offset ${hex(offset)} of ${module.path} is not loaded`)
  const at = vaddr(segment.vaddr + offset - segment.fileOffset)
  const key = `${moduleName}:${hex(offset)}`
  return [{ site: { key, vaddr: at, fileOffset: fileOffset(offset), address: addressOf(module, at) } }]
}

function noMatch(pattern: ProbePattern, modules: readonly MatchedModule[]): Refusal {
  const where = modules.map(({ module }) => module.path).join(', ')
  const what = pattern.kind === 'symbol' ? pattern.symbol : hex(pattern.fileOffset)
  return refuse(
    'no-match',
    `no function in ${where} matches ${what}${suggestSymbols(
      what,
      modules.map(({ module }) => module),
    )}`,
  )
}
