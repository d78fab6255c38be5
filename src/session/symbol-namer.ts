import { type Vaddr, vaddr } from '../bytes/address.js'
import { bytesAt } from '../elf/elf-image.js'
import { KernelError } from '../kernel/kernel-error.js'
import type { FrameSymbol } from '../record/data-value.js'
import { isRefusal } from '../refusal/refusal.js'
import type { SymbolNames } from '../runs/names.js'
import type { FunctionSymbol } from '../symbols/module-symbols.js'
import { addressOf } from '../target/module.js'
import type { CatalogModule, ModuleCatalog } from './module-catalog.js'

/** Names of addresses, and addresses of names, in the modules of a target. What it knows it keeps, also when the target is gone. */
export class SymbolNamer implements SymbolNames {
  #modules: readonly CatalogModule[] = []
  #learning: Promise<void> = Promise.resolve()

  private constructor(private readonly catalog: ModuleCatalog) {}

  /** Reads the symbols of all modules. @throws KernelError */
  static async of(catalog: ModuleCatalog): Promise<SymbolNamer> {
    const namer = new SymbolNamer(catalog)
    await namer.#read()
    return namer
  }

  /** There are modules that were not there before: their symbols are read in the background. */
  learn(): void {
    this.#learning = this.#learning.then(async () => {
      try {
        await this.#read()
      } catch (error) {
        // A target that has ended meanwhile has nothing more to say.
        if (!(error instanceof KernelError)) throw error
      }
    })
  }

  /** Resolves when everything has been read. */
  settled(): Promise<void> {
    return this.#learning
  }

  /** Those that are mapped now stand before those that were. */
  async #read(): Promise<void> {
    const loaded: CatalogModule[] = []
    for (const mapped of this.catalog.modules()) {
      const module = await this.catalog.load(mapped)
      if (!isRefusal(module)) loaded.push(module)
    }
    this.#modules = [...loaded, ...this.#modules.filter((module) => !loaded.includes(module))]
  }

  /** The function that an address is in. */
  symbolAt(at: bigint): string | undefined {
    return this.#find(at)?.symbol.name
  }

  frameAt(at: bigint, isCaller: boolean): FrameSymbol | undefined {
    const found = this.#find(at)
    // A call that does not return may be the last of its function: what stands behind it is another one. Without a call
    // there, the function was interrupted by a signal before its first instruction.
    const isBehind = isCaller && found !== undefined && found.offset === 0n && isBehindCall(found)
    const { module, symbol, offset } = (isBehind ? this.#find(at, 1n) : undefined) ?? found ?? {}
    if (module === undefined || symbol === undefined || offset === undefined) return undefined
    return { name: module.loaded.symbols.demangle(symbol.name), offset, module: module.path }
  }

  addressOf(name: string): bigint | undefined {
    for (const module of this.#modules) {
      const [symbol] = module.loaded.symbols.find(name)
      if (symbol !== undefined) return addressOf(module, symbol.vaddr)
    }
    return undefined
  }

  /** The function that is `before` bytes before an address, and how far the address is from its beginning. */
  #find(at: bigint, before = 0n): Found | undefined {
    const module = this.#modules.find(({ start, end }) => start <= at - before && at - before < end)
    const symbol = module?.loaded.symbols.containing(offsetIn(module, at - before))
    if (module === undefined || symbol === undefined) return undefined
    return { module, symbol, offset: at - addressOf(module, symbol.vaddr) }
  }
}

interface Found {
  readonly module: CatalogModule
  readonly symbol: FunctionSymbol
  readonly offset: bigint
}

/** Whether a `call rel32`, or a `call *disp32(%rip)`, ends where the function begins. */
function isBehindCall({ module, symbol }: Found): boolean {
  const code = bytesAt(module.image, symbol.vaddr - 6, 6)
  return code[1] === 0xe8 || (code[0] === 0xff && code[1] === 0x15)
}

function offsetIn({ bias }: CatalogModule, at: bigint): Vaddr {
  return vaddr(Number(at - bias))
}
