import { parseElf } from '../elf/parse-elf.js'
import type { KernelDoor } from '../kernel/door.js'
import { EACCES, EISDIR } from '../kernel/errno.js'
import { identify, readFile } from '../kernel/files.js'
import { KernelError } from '../kernel/kernel-error.js'
import { shortModuleName } from '../probe/module-match.js'
import { type ProbePattern, parsePattern } from '../probe/pattern.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { type LoadedSymbols, loadModuleSymbols } from '../symbols/load-module-symbols.js'
import { matchingFunctions } from './matching-functions.js'
import { targetFiles } from './module-catalog.js'
import type { ListedFunction } from './session-types.js'

/** A module with its symbols: enough to list it. */
interface ListableModule {
  readonly module: { readonly path: string; readonly loaded: LoadedSymbols }
  /** As users know it. */
  readonly name: string
}

/** The functions of a target that a pattern names. */
export async function listFunctions(
  text: string,
  matchingModules: (pattern: ProbePattern) => Promise<readonly ListableModule[] | Refusal>,
): Promise<readonly ListedFunction[] | Refusal> {
  const pattern = parsePattern(text)
  if (isRefusal(pattern)) return pattern
  if (pattern.kind === 'file-offset') return refuse('bad-pattern', `${text} is an offset: there is nothing to list`)
  const modules = await matchingModules(pattern)
  if (isRefusal(modules)) return modules
  return modules.flatMap((module) => listModule(module, pattern.symbol))
}

/** The functions of a file on disk that match a glob. */
export async function listFile(
  door: KernelDoor,
  path: string,
  glob: string,
  onWarning: (sentence: string) => void,
): Promise<readonly ListedFunction[] | Refusal> {
  const identity = identify(door, path)
  if (identity === undefined) return refuse('file-unavailable', `there is no file ${path}`)
  const bytes = readListed(door, path, identity.size)
  if (isRefusal(bytes)) return bytes
  const image = parseElf(bytes)
  if (isRefusal(image)) return refuse(image.code, `${path}: ${image.because}`)
  const loaded = await loadModuleSymbols(image, { path, files: targetFiles(door, '') })
  if (isRefusal(loaded)) return loaded
  for (const because of loaded.warnings) onWarning(`${path}: ${because}`)
  return listModule({ module: { path, loaded }, name: shortModuleName(path) }, glob)
}

function readListed(door: KernelDoor, path: string, size: number): Uint8Array | Refusal {
  try {
    return readFile(door, path, size)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    if (error.errno === EISDIR) return refuse('file-unavailable', `${path} is a directory`)
    if (error.errno === EACCES) return refuse('file-unavailable', `${path} may not be read`)
    throw error
  }
}

function listModule({ module: { path, loaded }, name }: ListableModule, glob: string): ListedFunction[] {
  return matchingFunctions(loaded.symbols, glob).map((found) => ({
    module: path,
    moduleName: name,
    symbol: found.name,
    demangled: loaded.symbols.demangle(found.name),
    fileOffset: found.symbol.fileOffset,
    size: found.symbol.size,
  }))
}
