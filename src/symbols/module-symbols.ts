import type { FileOffset, Vaddr } from '../bytes/address.js'

/** Where a function's bounds and name came from. */
export type SymbolSource = 'symtab' | 'dynsym' | 'debug-file' | 'mini-debug-info' | 'eh-frame'

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
  /** Bytes; 0 when the table does not say. */
  readonly size: number
  readonly source: SymbolSource
}

/** The functions of a module, sorted by address. */
export interface ModuleSymbols {
  readonly functions: readonly FunctionSymbol[]
  /** Demangled form of a C++ or Rust name, or the name itself. Computed on demand. */
  demangle(name: string): string
}
