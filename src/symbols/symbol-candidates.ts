import { SHN_UNDEF, STT, type SymbolTable } from '../elf/symbol-table.js'
import type { AddressRanges } from './address-ranges.js'
import type { SymbolSource } from './module-symbols.js'

/** A symbol table and what it is to the module. */
export interface SourcedTable {
  readonly table: SymbolTable
  readonly source: SymbolSource
}

/** What a symbol with an address in text says about that address. */
export const CANDIDATE = { FUNCTION: 0, IFUNC: 1, LABEL: 2 } as const

/** Symbols of all tables that may name a function, in columns. */
export interface SymbolCandidates {
  readonly count: number
  readonly addresses: Float64Array
  readonly sizes: Float64Array
  /** A value of `CANDIDATE`. Labels have no type: they name a function only where unwind information begins one. */
  readonly kinds: Uint8Array
  /** Index into the tables. */
  readonly tables: Uint8Array
  /** Index into that table. */
  readonly symbols: Uint32Array
}

export function symbolCandidates(tables: readonly SourcedTable[], text: AddressRanges): SymbolCandidates {
  const capacity = tables.reduce((sum, { table }) => sum + table.count, 0)
  const columns = {
    count: 0,
    addresses: new Float64Array(capacity),
    sizes: new Float64Array(capacity),
    kinds: new Uint8Array(capacity),
    tables: new Uint8Array(capacity),
    symbols: new Uint32Array(capacity),
  }
  for (const [index, { table }] of tables.entries()) {
    for (let symbol = 0; symbol < table.count; symbol++) {
      const kind = candidateKind(table, symbol)
      if (kind === undefined) continue
      const address = table.value(symbol)
      if (!text.has(address) || !table.hasPlainName(symbol)) continue
      const row = columns.count++
      columns.addresses[row] = address
      columns.sizes[row] = kind === CANDIDATE.LABEL ? 0 : table.size(symbol)
      columns.kinds[row] = kind
      columns.tables[row] = index
      columns.symbols[row] = symbol
    }
  }
  return { ...columns, addresses: columns.addresses.subarray(0, columns.count) }
}

function candidateKind(table: SymbolTable, symbol: number): number | undefined {
  const type = table.type(symbol)
  if (type === STT.FUNC) return defined(table, symbol, CANDIDATE.FUNCTION)
  if (type === STT.GNU_IFUNC) return defined(table, symbol, CANDIDATE.IFUNC)
  return type === STT.NOTYPE ? defined(table, symbol, CANDIDATE.LABEL) : undefined
}

function defined(table: SymbolTable, symbol: number, kind: number): number | undefined {
  return table.sectionIndex(symbol) === SHN_UNDEF ? undefined : kind
}
