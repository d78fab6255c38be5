import { type Vaddr, fileOffset, vaddr } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import { type ElfImage, fileOffsetOf } from '../elf/elf-image.js'
import { lastNotAbove } from './address-ranges.js'
import { demangle } from './demangle.js'
import type { FunctionColumns } from './function-columns.js'
import { compileGlob, isLiteralGlob } from './glob.js'
import type { FunctionSymbol, ModuleSymbols, SymbolSource } from './module-symbols.js'
import { type NameCandidate, compareNames } from './preferred-name.js'
import { CANDIDATE, type SourcedTable, type SymbolCandidates } from './symbol-candidates.js'

/** How many functions may lie around an address that a look-up by address considers: nested entry points are few. */
const MAX_NESTING = 32

interface SourcedName extends NameCandidate {
  readonly source: SymbolSource
}

/** The functions of a module over the columns; objects and strings are made when they are asked for. */
export class FunctionTable implements ModuleSymbols {
  readonly #image: ElfImage
  readonly #tables: readonly SourcedTable[]
  readonly #candidates: SymbolCandidates
  readonly #columns: FunctionColumns
  #functions: readonly FunctionSymbol[] | undefined
  #rowsByName: ReadonlyMap<string, number | number[]> | undefined

  constructor(image: ElfImage, tables: readonly SourcedTable[], candidates: SymbolCandidates, columns: FunctionColumns) {
    this.#image = image
    this.#tables = tables
    this.#candidates = candidates
    this.#columns = columns
  }

  get count(): number {
    return this.#columns.count
  }

  get functions(): readonly FunctionSymbol[] {
    this.#functions ??= Array.from({ length: this.count }, (_, row) => this.#makeFunction(row))
    return this.#functions
  }

  find(name: string): readonly FunctionSymbol[] {
    this.#rowsByName ??= this.#indexNames()
    const rows = this.#rowsByName.get(name)
    if (rows === undefined) return []
    if (typeof rows === 'number') return [this.#function(rows)]
    const rank = (row: number) => (this.#isDefaultName(row, name) ? 0 : 1)
    return rows.toSorted((a, b) => rank(a) - rank(b) || a - b).map((row) => this.#function(row))
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
    const matches = compileGlob(glob)
    const found: FunctionSymbol[] = []
    this.#prepareStrings()
    for (let row = 0; row < this.count; row++) {
      if (this.#someName(row, matches)) found.push(this.#function(row))
    }
    return found
  }

  *names(): Iterable<string> {
    this.#prepareStrings()
    for (let row = 0; row < this.count; row++) yield* this.#namesOf(row)
  }

  demangle(name: string): string {
    return demangle(name)
  }

  #function(row: number): FunctionSymbol {
    return this.#functions?.[row] ?? this.#makeFunction(row)
  }

  #makeFunction(row: number): FunctionSymbol {
    const start = vaddr(this.#columns.starts[row] ?? 0)
    const names = this.#candidateNames(row)
    const best = names.reduce<SourcedName | undefined>((a, b) => (a === undefined || compareNames(b, a) < 0 ? b : a), undefined)
    const name = best?.name ?? namelessAt(start)
    return {
      name,
      aliases: names.length < 2 ? [] : [...new Set(names.map((n) => n.name))].filter((n) => n !== name),
      kind: this.#isIfunc(row) ? 'ifunc' : 'function',
      vaddr: start,
      fileOffset: fileOffsetOf(this.#image, start) ?? fileOffset(0),
      size: this.#columns.sizes[row] ?? 0,
      source: best?.source ?? 'eh-frame',
    }
  }

  #candidateNames(row: number): SourcedName[] {
    const names: SourcedName[] = []
    for (let i = this.#columns.firstNames[row] ?? 0; i < (this.#columns.endNames[row] ?? 0); i++) {
      names.push(this.#candidateName(this.#columns.order[i] ?? 0))
    }
    return names
  }

  #candidateName(candidate: number): SourcedName {
    const { table, source } = this.#tableOf(candidate)
    const symbol = this.#candidates.symbols[candidate] ?? 0
    const label = this.#candidates.kinds[candidate] === CANDIDATE.LABEL
    return { ...table.name(symbol), binding: table.binding(symbol), label, source }
  }

  #tableOf(candidate: number): SourcedTable {
    const table = this.#tables[this.#candidates.tables[candidate] ?? 0]
    assert(table !== undefined, 'a candidate comes from one of the tables')
    return table
  }

  #isIfunc(row: number): boolean {
    for (let i = this.#columns.firstNames[row] ?? 0; i < (this.#columns.endNames[row] ?? 0); i++) {
      if (this.#candidates.kinds[this.#columns.order[i] ?? 0] === CANDIDATE.IFUNC) return true
    }
    return false
  }

  *#namesOf(row: number): Iterable<string> {
    const first = this.#columns.firstNames[row] ?? 0
    const end = this.#columns.endNames[row] ?? 0
    if (first === end) yield namelessAt(this.#columns.starts[row] ?? 0)
    for (let i = first; i < end; i++) yield this.#nameOf(this.#columns.order[i] ?? 0)
  }

  #nameOf(candidate: number): string {
    return this.#tableOf(candidate).table.name(this.#candidates.symbols[candidate] ?? 0).name
  }

  #someName(row: number, matches: (name: string) => boolean): boolean {
    for (const name of this.#namesOf(row)) {
      if (matches(name)) return true
    }
    return false
  }

  #isDefaultName(row: number, name: string): boolean {
    return this.#candidateNames(row).some((n) => n.name === name && n.defaultVersion)
  }

  #indexNames(): ReadonlyMap<string, number | number[]> {
    const index = new Map<string, number | number[]>()
    this.#prepareStrings()
    for (let row = 0; row < this.count; row++) {
      for (const name of this.#namesOf(row)) addRow(index, name, row)
    }
    return index
  }

  #prepareStrings(): void {
    for (const { table } of this.#tables) table.strings.prepareForMany()
  }
}

function addRow(index: Map<string, number | number[]>, name: string, row: number): void {
  const rows = index.get(name)
  if (rows === undefined) index.set(name, row)
  else if (typeof rows !== 'number') {
    if (rows.at(-1) !== row) rows.push(row)
  } else if (rows !== row) index.set(name, [rows, row])
}

function namelessAt(address: number): string {
  return `sub_${address.toString(16)}`
}
