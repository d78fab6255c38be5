import type { FileOffset, Vaddr } from '../bytes/address.js'

/** Where a function's bounds and name came from. */
export type SymbolSource = 'symtab' | 'dynsym' | 'debug-file' | 'mini-debug-info' | 'eh-frame' | 'pclntab'

/** One function of a module. Several names at one address are one function with aliases. */
export interface FunctionSymbol {
  /** The preferred name, without its version (`malloc`, not `malloc@@GLIBC_2.2.5`). Mangled names stay mangled. */
  readonly name: string
  /** The other names at the same address, unversioned, without duplicates. */
  readonly aliases: readonly string[]
  /** `ifunc`: the code here chooses the implementation; it is not the function that callers reach. */
  readonly kind: 'function' | 'ifunc'
  readonly vaddr: Vaddr
  readonly fileOffset: FileOffset
  /** Bytes. Where no table says, up to the next function or the end of the section: never 0. */
  readonly size: number
  readonly source: SymbolSource
}

/** The functions of a module. Look-ups make no objects for functions that they do not return. */
export interface ModuleSymbols {
  /** All of them, sorted by address, one for each address. Made on first use: prefer the look-ups below. */
  readonly functions: readonly FunctionSymbol[]
  /** `functions.length`, without making them. */
  readonly count: number
  /**
   * The functions that have exactly this name, or alias. Several when static functions share a name, or versions of one
   * symbol differ; the one that new programs bind (`memcpy@@…`, not `memcpy@…`) comes first.
   */
  find(name: string): readonly FunctionSymbol[]
  /** The function that begins at this address. */
  at(address: Vaddr): FunctionSymbol | undefined
  /** The function whose bytes hold this address. */
  containing(address: Vaddr): FunctionSymbol | undefined
  /** The functions with a name, or alias, that matches the glob (`*`, `?`, `[abc]`), sorted by address. */
  match(glob: string): readonly FunctionSymbol[]
  /** Every name, aliases included, in no particular order and possibly more than once. */
  names(): Iterable<string>
  /** Demangled form of a C++ or Rust name, or the name itself. Computed on demand. */
  demangle(name: string): string
}
