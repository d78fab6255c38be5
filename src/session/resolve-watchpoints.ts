import { offsetBy } from '../bytes/address.js'
import { type WatchedVariable, type Watchpoint, watchAt } from '../probe/watchpoint.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { nearestNames } from '../symbols/nearest-names.js'
import { findVariables, type Variable, variableNames } from '../symbols/variables.js'
import { addressOf } from '../target/module.js'
import type { CatalogModule, ModuleCatalog } from './module-catalog.js'
import { matchingModules } from './resolve-sites.js'
import { didYouMean } from './suggestions.js'

const SUGGESTIONS = 3

/** Finds what is to be watched in the target. Refuses with the first that cannot be found. */
export async function resolveWatchpoints(
  catalog: ModuleCatalog,
  asked: readonly (Watchpoint | WatchedVariable)[],
): Promise<Watchpoint[] | Refusal> {
  const watchpoints: Watchpoint[] = []
  for (const each of asked) {
    const watchpoint = await resolveWatchpoint(catalog, each)
    if (isRefusal(watchpoint)) return watchpoint
    watchpoints.push(watchpoint)
  }
  return watchpoints
}

/** The same of one. */
export async function resolveWatchpoint(
  catalog: ModuleCatalog,
  asked: Watchpoint | WatchedVariable,
): Promise<Watchpoint | Refusal> {
  if (asked.kind === 'watchpoint') return asked
  const modules = await matchingModules(catalog, asked)
  if (isRefusal(modules)) return modules
  const found = modules.flatMap(({ module }) =>
    findVariables(module.loaded.tables, asked.variable).map((variable) => ({ module, variable })),
  )
  const [first, ...more] = found
  if (first === undefined)
    return noVariable(
      asked,
      modules.map(({ module }) => module),
    )
  if (more.length > 0)
    return refuse(
      'no-match',
      `${asked.text}: ${found.length} variables are called ${asked.variable}; write the address`,
    )
  return (
    inside(asked, first.variable) ??
    watchAt(offsetBy(addressOf(first.module, first.variable.vaddr), asked.offset), asked)
  )
}

function inside({ text, variable, offset, length }: WatchedVariable, { size }: Variable): Refusal | undefined {
  if (size === 0 || offset + length <= size) return undefined
  return refuse('unwatchable-access', `${text}: ${variable} has ${size} bytes, so not all of these are its own`)
}

function noVariable({ variable }: WatchedVariable, modules: readonly CatalogModule[]): Refusal {
  const near = modules.flatMap(({ loaded }) => nearestNames(variable, variableNames(loaded.tables), SUGGESTIONS))
  const where = modules.map(({ path }) => path).join(', ')
  return refuse('no-match', `no variable in ${where} is called ${variable}${didYouMean(near.slice(0, SUGGESTIONS))}`)
}
