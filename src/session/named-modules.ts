import type { KernelDoor } from '../kernel/door.js'
import { identify, readLink, tryReadText } from '../kernel/files.js'
import { matchesModule, shortModuleName } from '../probe/module-match.js'
import { isLiteralGlob } from '../symbols/glob.js'
import type { MappedModule } from '../target/module.js'

/** A module with the name that a pattern knows it by. */
export interface NamedModule {
  readonly module: MappedModule
  readonly name: string
}

/**
 * The modules that the module part of a pattern names: by path, file name or short name; the executable also by the name
 * it was started under (`redis-server` is a link to `redis-check-rdb` in some distributions); and a path by what it links to.
 */
export function namedModules(
  door: KernelDoor,
  pid: number,
  pattern: string,
  mapped: readonly MappedModule[],
): NamedModule[] {
  const direct = mapped.filter(({ path }) => matchesModule(pattern, path))
  if (direct.length > 0) return direct.map((module) => ({ module, name: shortModuleName(module.path) }))
  const executable = mapped.find(({ path }) => path === readLink(door, `/proc/${pid}/exe`))
  const started = tryReadText(door, `/proc/${pid}/comm`)?.trim()
  if (executable !== undefined && started !== undefined && matchesModule(pattern, `/${started}`)) {
    return [{ module: executable, name: started }]
  }
  return pattern.startsWith('/') && isLiteralGlob(pattern) ? linkedModules(door, pid, pattern, mapped) : []
}

function linkedModules(door: KernelDoor, pid: number, path: string, mapped: readonly MappedModule[]): NamedModule[] {
  const root = `/proc/${pid}/root`
  const wanted = identify(door, `${root}${path}`)
  if (wanted === undefined) return []
  const module = mapped.find((each) => {
    const found = identify(door, `${root}${each.path}`)
    return found?.inode === wanted.inode && found.device === wanted.device
  })
  return module === undefined ? [] : [{ module, name: shortModuleName(path) }]
}
