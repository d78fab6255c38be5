import type { Vaddr } from '../bytes/address.js'
import type { CodeFacts } from '../isa/code-facts.js'
import type { KernelDoor } from '../kernel/door.js'
import { identify, readFile } from '../kernel/files.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import { codeFacts } from '../symbols/code-facts.js'
import { type LoadedSymbols, loadModuleSymbols } from '../symbols/load-module-symbols.js'
import type { FunctionSymbol } from '../symbols/module-symbols.js'
import type { FileSource } from '../symbols/separate-debug-file.js'
import {
  findModules,
  type LoadedModule,
  loadModule,
  loadModuleFromMemory,
  type MappedModule,
} from '../target/module.js'
import { findPadding, type Padding } from '../target/padding.js'
import type { TargetProcess } from '../target/target-process.js'
import { ifuncTargets } from './ifunc-targets.js'
import { type NamedModule, namedModules } from './named-modules.js'

/** A module of the target with its symbols, and its code facts once they are asked for. */
export interface CatalogModule extends LoadedModule {
  readonly loaded: LoadedSymbols
  facts(): CodeFacts | Refusal
  /** Only asked for where a seccomp filter may forbid mapping memory. */
  readonly padding: Padding | undefined
  /** What the IFUNC resolver that begins at `resolver` has chosen, if that can be found out. */
  implementation(resolver: Vaddr): FunctionSymbol | undefined
}

/** The target's modules, each read when it is first needed. */
export class ModuleCatalog {
  private readonly known = new Map<string, Promise<CatalogModule | Refusal>>()
  private readonly images = new Map<string, LoadedModule | Refusal>()

  constructor(
    private readonly target: TargetProcess,
    private readonly onWarning: (sentence: string) => void,
  ) {}

  /** What is mapped now. */
  modules(): MappedModule[] {
    return findModules(this.target.maps())
  }

  /** The modules that the module part of a pattern names. */
  named(pattern: string): NamedModule[] {
    return namedModules(this.target.door, this.target.pid, pattern, this.modules())
  }

  load(module: MappedModule): Promise<CatalogModule | Refusal> {
    const key = keyOf(module)
    const known = this.known.get(key) ?? this.read(module)
    this.known.set(key, known)
    return known
  }

  /** The module without its symbols. */
  image(module: MappedModule): LoadedModule | Refusal {
    const key = keyOf(module)
    const known = this.images.get(key) ?? this.loadAnyhow(module)
    this.images.set(key, known)
    return known
  }

  /** From its file, or, where that is out of reach, from memory. */
  private loadAnyhow(module: MappedModule): LoadedModule | Refusal {
    const { door, memory } = this.target
    const found = loadModule(door, memory, module)
    if (!isRefusal(found) || found.code !== 'file-unavailable') return found
    const fromMemory = loadModuleFromMemory(memory, module)
    if (isRefusal(fromMemory)) return found
    this.onWarning(`${found.because}; it is read from memory, and only exported functions have names`)
    return fromMemory
  }

  private async read(module: MappedModule): Promise<CatalogModule | Refusal> {
    const found = this.image(module)
    if (isRefusal(found)) return found
    const files = targetFiles(this.target.door, `/proc/${this.target.pid}/root`)
    const loaded = await loadModuleSymbols(found.image, { path: module.path, files })
    if (isRefusal(loaded)) return loaded
    for (const because of loaded.warnings) this.onWarning(`${module.path}: ${because}`)
    let facts: CodeFacts | Refusal | undefined
    let chosen: ReadonlyMap<Vaddr, Vaddr> | undefined
    return {
      ...found,
      loaded,
      padding: this.target.isFiltered(this.target.tid) ? findPadding(this.target.memory, found) : undefined,
      facts() {
        facts ??= codeFacts(found.image, loaded)
        return facts
      },
      implementation: (resolver) => {
        chosen ??= ifuncTargets(this.target.memory, found)
        const target = chosen.get(resolver)
        return target === undefined ? undefined : loaded.symbols.at(target)
      },
    }
  }
}

function keyOf({ start, path }: MappedModule): string {
  return `${start} ${path}`
}

/** Files as the target sees them: paths below the root of its mount namespace. */
export function targetFiles(door: KernelDoor, root: string): FileSource {
  return {
    read(path) {
      const identity = identify(door, `${root}${path}`)
      return identity === undefined ? undefined : readFile(door, `${root}${path}`, identity.size)
    },
  }
}
