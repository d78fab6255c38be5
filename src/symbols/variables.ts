import { type Vaddr, vaddr } from '../bytes/address.js'
import { SHN_UNDEF, STT, type SymbolTable } from '../elf/symbol-table.js'
import type { SourcedTable } from './symbol-candidates.js'

/** A variable of a module. */
export interface Variable {
  readonly vaddr: Vaddr
  /** Bytes; 0 where nobody says. */
  readonly size: number
}

/** Those of this name, each address once: static ones of several files may share it. Thread-local ones have no address, and are none. */
export function findVariables(tables: readonly SourcedTable[], name: string): readonly Variable[] {
  const found = new Map<number, Variable>()
  const wanted = new TextEncoder().encode(name)
  for (const { table } of tables) {
    for (let index = 0; index < table.count; index++) {
      if (!isVariable(table, index) || !table.isNamed(index, wanted)) continue
      const at = table.value(index)
      if (!found.has(at)) found.set(at, { vaddr: vaddr(at), size: table.size(index) })
    }
  }
  return [...found.values()]
}

/** Every name, in no particular order and possibly more than once. */
export function* variableNames(tables: readonly SourcedTable[]): Iterable<string> {
  for (const { table } of tables)
    for (let index = 0; index < table.count; index++) if (isVariable(table, index)) yield table.name(index)
}

function isVariable(table: SymbolTable, index: number): boolean {
  return table.type(index) === STT.OBJECT && table.sectionIndex(index) !== SHN_UNDEF
}
