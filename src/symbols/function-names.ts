import { assert } from '../bytes/assert.js'
import type { FunctionColumns } from './function-columns.js'
import type { SymbolSource } from './module-symbols.js'
import { compareNames, type NameCandidate } from './preferred-name.js'
import { CANDIDATE, type SourcedTable, type SymbolCandidates } from './symbol-candidates.js'

/** The names of one function, and what its symbols say of it. */
export interface NamedFunction {
  readonly name: string
  readonly aliases: readonly string[]
  readonly kind: 'function' | 'ifunc'
  readonly source: SymbolSource
}

interface SourcedName extends NameCandidate {
  readonly source: SymbolSource
  readonly ifunc: boolean
}

/** How often a name is searched byte by byte, at a millisecond or two, before an index pays off. */
const SEARCHES_BEFORE_INDEX = 8

/** The names of functions, by row of the columns. Strings are made when they are asked for. */
export class FunctionNames {
  readonly #tables: readonly SourcedTable[]
  readonly #candidates: SymbolCandidates
  readonly #columns: FunctionColumns
  #index: ReadonlyMap<string, number | number[]> | undefined
  #searches = 0

  constructor(tables: readonly SourcedTable[], candidates: SymbolCandidates, columns: FunctionColumns) {
    this.#tables = tables
    this.#candidates = candidates
    this.#columns = columns
  }

  of(row: number): NamedFunction {
    const names = this.#sourcedNames(row)
    const best = names.length === 0 ? undefined : names.reduce((a, b) => (compareNames(b, a) < 0 ? b : a))
    if (best === undefined) return { name: this.#nameless(row), aliases: [], kind: 'function', source: 'eh-frame' }
    const aliases = names.length === 1 ? [] : [...new Set(names.map((n) => n.name))].filter((n) => n !== best.name)
    return { name: best.name, aliases, kind: names.some((n) => n.ifunc) ? 'ifunc' : 'function', source: best.source }
  }

  /** Rows with a name or alias that the predicate accepts. */
  rowsWhere(accepts: (name: string) => boolean): number[] {
    const rows: number[] = []
    this.visitNames((name, row) => {
      if (rows.at(-1) !== row && accepts(name)) rows.push(row)
    })
    return rows
  }

  /** Rows that have exactly this name or alias; those that new programs bind come first. */
  rowsNamed(name: string): number[] {
    const rows = this.#searches++ < SEARCHES_BEFORE_INDEX ? this.#search(name) : this.#lookUp(name)
    if (rows.length < 2) return rows
    const bound = rows.map((row) => this.#sourcedNames(row).some((n) => n.name === name && n.defaultVersion))
    return [...rows.filter((_, i) => bound[i]), ...rows.filter((_, i) => !bound[i])]
  }

  /** Every name, in order of row; a name that two tables have comes twice. */
  visitNames(visit: (name: string, row: number) => void): void {
    for (const { table } of this.#tables) table.strings.prepareForMany()
    const { count, firstNames, endNames, order } = this.#columns
    for (let row = 0; row < count; row++) {
      const end = endNames[row] ?? 0
      let i = firstNames[row] ?? 0
      if (i === end) visit(this.#nameless(row), row)
      for (; i < end; i++) visit(this.#nameOf(order[i] ?? 0), row)
    }
  }

  #nameless(row: number): string {
    return `sub_${(this.#columns.starts[row] ?? 0).toString(16)}`
  }

  #nameOf(candidate: number): string {
    return this.#tableOf(candidate).table.name(this.#candidates.symbols[candidate] ?? 0)
  }

  #tableOf(candidate: number): SourcedTable {
    const table = this.#tables[this.#candidates.tables[candidate] ?? 0]
    assert(table !== undefined, 'a candidate comes from one of the tables')
    return table
  }

  /** Without the second of two equal names, which .symtab and .dynsym have for every public function. */
  #sourcedNames(row: number): SourcedName[] {
    const names: SourcedName[] = []
    const end = this.#columns.endNames[row] ?? 0
    for (let i = this.#columns.firstNames[row] ?? 0; i < end; i++) {
      const candidate = this.#columns.order[i] ?? 0
      const { table, source } = this.#tableOf(candidate)
      const symbol = this.#candidates.symbols[candidate] ?? 0
      const name = table.name(symbol)
      const kind = this.#candidates.kinds[candidate]
      if (names.length === 1 && names[0]?.name === name) continue
      names.push({
        name,
        source,
        binding: table.binding(symbol),
        defaultVersion: table.isDefaultVersion(symbol),
        label: kind === CANDIDATE.LABEL,
        ifunc: kind === CANDIDATE.IFUNC,
      })
    }
    return names
  }

  #search(name: string): number[] {
    const bytes = Buffer.from(name)
    const { count, firstNames, endNames, order } = this.#columns
    const rows: number[] = []
    for (let row = 0; row < count; row++) {
      const end = endNames[row] ?? 0
      let i = firstNames[row] ?? 0
      let found = i === end && name.startsWith('sub_') && this.#nameless(row) === name
      for (; i < end && !found; i++) found = this.#isNamed(order[i] ?? 0, bytes)
      if (found) rows.push(row)
    }
    return rows
  }

  #isNamed(candidate: number, name: Uint8Array): boolean {
    return this.#tableOf(candidate).table.isNamed(this.#candidates.symbols[candidate] ?? 0, name)
  }

  #lookUp(name: string): number[] {
    this.#index ??= this.#makeIndex()
    const rows = this.#index.get(name) ?? []
    return typeof rows === 'number' ? [rows] : rows
  }

  #makeIndex(): ReadonlyMap<string, number | number[]> {
    const index = new Map<string, number | number[]>()
    this.visitNames((name, row) => {
      const rows = index.get(name)
      if (rows === undefined) index.set(name, row)
      else if (typeof rows !== 'number') {
        if (rows.at(-1) !== row) rows.push(row)
      } else if (rows !== row) index.set(name, [rows, row])
    })
    return index
  }
}
