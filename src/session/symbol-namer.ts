import { type Vaddr, vaddr } from '../bytes/address.js'
import { isRefusal } from '../refusal/refusal.js'
import { addressOf } from '../target/module.js'
import type { CatalogModule, ModuleCatalog } from './module-catalog.js'

/** Names of addresses, and addresses of names, in the modules that were mapped when it was made. */
export class SymbolNamer {
  private constructor(private readonly modules: readonly CatalogModule[]) {}

  /** Reads the symbols of all modules. */
  static async of(catalog: ModuleCatalog): Promise<SymbolNamer> {
    const loaded: CatalogModule[] = []
    for (const mapped of catalog.modules()) {
      const module = await catalog.load(mapped)
      if (!isRefusal(module)) loaded.push(module)
    }
    return new SymbolNamer(loaded)
  }

  /** The function that an address is in. */
  symbolAt(at: bigint): string | undefined {
    const module = this.modules.find(({ start, end }) => start <= at && at < end)
    return module?.loaded.symbols.containing(offsetIn(module, at))?.name
  }

  addressOf(name: string): bigint | undefined {
    for (const module of this.modules) {
      const [symbol] = module.loaded.symbols.find(name)
      if (symbol !== undefined) return addressOf(module, symbol.vaddr)
    }
    return undefined
  }
}

function offsetIn({ bias }: CatalogModule, at: bigint): Vaddr {
  return vaddr(Number(at - bias))
}
