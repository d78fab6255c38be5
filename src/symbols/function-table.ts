import { fileOffset, type Vaddr, vaddr } from '../bytes/address.js'
import { type ElfImage, fileOffsetOf } from '../elf/elf-image.js'
import { lastNotAbove } from './address-ranges.js'
import { demangle } from './demangle.js'
import type { FunctionColumns } from './function-columns.js'
import type { FunctionNames } from './function-names.js'
import { compileGlob, isLiteralGlob } from './glob.js'
import type { FunctionSymbol, ModuleSymbols } from './module-symbols.js'

/** How many functions may lie around an address that a look-up by address considers: nested entry points are few. */
const MAX_NESTING = 32

/** The functions of a module over the columns; objects are made when they are asked for. */
export class FunctionTable implements ModuleSymbols {
  readonly #image: ElfImage
  readonly #columns: FunctionColumns
  readonly #names: FunctionNames
  #functions: readonly FunctionSymbol[] | undefined

  constructor(image: ElfImage, columns: FunctionColumns, names: FunctionNames) {
    this.#image = image
    this.#columns = columns
    this.#names = names
  }

  get count(): number {
    return this.#columns.count
  }

  get functions(): readonly FunctionSymbol[] {
    this.#functions ??= Array.from({ length: this.count }, (_, row) => this.#makeFunction(row))
    return this.#functions
  }

  find(name: string): readonly FunctionSymbol[] {
    return this.#names.rowsNamed(name).map((row) => this.#function(row))
  }

  at(address: Vaddr): FunctionSymbol | undefined {
    const row = lastNotAbove(this.#columns.starts, address)
    return this.#columns.starts[row] === address ? this.#function(row) : undefined
  }

  containing(address: Vaddr): FunctionSymbol | undefined {
    const last = lastNotAbove(this.#columns.starts, address)
    for (let row = last; row >= 0 && row > last - MAX_NESTING; row--) {
      const end = (this.#columns.starts[row] ?? 0) + (this.#columns.sizes[row] ?? 0)
      if (address < end) return this.#function(row)
    }
    return undefined
  }

  match(glob: string): readonly FunctionSymbol[] {
    if (isLiteralGlob(glob)) return this.find(glob)
    if (/^\*+$/.test(glob)) return this.functions
    return this.#names.rowsWhere(compileGlob(glob)).map((row) => this.#function(row))
  }

  names(): Iterable<string> {
    const names: string[] = []
    this.#names.visitNames((name) => {
      names.push(name)
    })
    return names
  }

  demangle(name: string): string {
    return demangle(name)
  }

  #function(row: number): FunctionSymbol {
    return this.#functions?.[row] ?? this.#makeFunction(row)
  }

  #makeFunction(row: number): FunctionSymbol {
    const start = vaddr(this.#columns.starts[row] ?? 0)
    const { name, aliases, kind, source } = this.#names.of(row)
    const size = this.#columns.sizes[row] ?? 0
    return {
      name,
      aliases,
      kind,
      vaddr: start,
      fileOffset: fileOffsetOf(this.#image, start) ?? fileOffset(0),
      size,
      source,
    }
  }
}
