import { type Address, offsetBy, PAGE_SIZE, pageOf, vaddr } from '../bytes/address.js'
import { bytesAt } from '../elf/elf-image.js'
import { isRefusal } from '../refusal/refusal.js'
import type { Mapping } from './memory-map.js'
import { findModules, type LoadedModule, loadModule, type MappedModule } from './module.js'
import type { TargetProcess } from './target-process.js'

/** The modules of a target with their files, each read when it is first asked for. */
export class TargetModules {
  private readonly mapped: readonly MappedModule[]
  private readonly known = new Map<MappedModule, LoadedModule | undefined>()
  private last: LoadedModule | undefined

  constructor(
    private readonly target: TargetProcess,
    maps: readonly Mapping[],
  ) {
    this.mapped = findModules(maps)
  }

  /** The module that an address belongs to, the rest of its last page included; undefined also where it cannot be read. */
  at(at: Address): LoadedModule | undefined {
    if (this.last !== undefined && covers(this.last, at)) return this.last
    const holds = ({ mappings }: MappedModule): boolean => mappings.some(({ start, end }) => start <= at && at < end)
    // Behind its file's contents a module is mapped without the file.
    const likely = this.mapped.toSorted((a, b) => Number(holds(b)) - Number(holds(a)))
    for (const module of likely) {
      const loaded = this.load(module)
      if (loaded === undefined || !covers(loaded, at)) continue
      this.last = loaded
      return loaded
    }
    return undefined
  }

  /** What the file has at an address; undefined where no module is, or its file cannot be read. */
  fileBytes(at: Address, length: number): Uint8Array | undefined {
    const module = this.at(at)
    return module === undefined ? undefined : bytesAt(module.image, vaddr(Number(at - module.bias)), length)
  }

  private load(module: MappedModule): LoadedModule | undefined {
    if (this.known.has(module)) return this.known.get(module)
    const loaded = loadModule(this.target.door, this.target.memory, module)
    const readable = isRefusal(loaded) ? undefined : loaded
    this.known.set(module, readable)
    return readable
  }
}

function covers({ start, end }: LoadedModule, at: Address): boolean {
  return start <= at && at < pageOf(offsetBy(end, PAGE_SIZE - 1))
}
