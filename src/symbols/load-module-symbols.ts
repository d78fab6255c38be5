import { frameTable } from '../dwarf/eh-frame.js'
import type { FrameTable } from '../dwarf/frame-table.js'
import type { ElfImage } from '../elf/elf-image.js'
import { malformedAsRefusal } from '../elf/malformed-as-refusal.js'
import { dynsym, symtab } from '../elf/symbol-tables.js'
import type { Refusal } from '../refusal/refusal.js'
import type { AddressRanges } from './address-ranges.js'
import { executableRanges, linkageTableRanges } from './executable-ranges.js'
import { type FunctionColumns, functionColumns } from './function-columns.js'
import { FunctionTable } from './function-table.js'
import type { ModuleSymbols } from './module-symbols.js'
import { type FileSource, separateDebugFile } from './separate-debug-file.js'
import { type SourcedTable, symbolCandidates } from './symbol-candidates.js'

/** Where the symbols of a module may be, besides its own file. */
export interface SymbolSources {
  /** The module's path as the target sees it. */
  readonly path: string
  readonly files: FileSource
}

/** The functions of a module, and what they were found from: `codeFacts` needs that too. */
export interface LoadedSymbols {
  readonly symbols: ModuleSymbols
  readonly columns: FunctionColumns
  readonly tables: readonly SourcedTable[]
  readonly frames: FrameTable
  readonly text: AddressRanges
}

/**
 * Reads every table that names functions: .symtab, else the separate debug file, else .gnu_debugdata; .dynsym; and the
 * ranges of .eh_frame for functions without a name (`sub_1a2b0`).
 */
export async function loadModuleSymbols(image: ElfImage, sources: SymbolSources): Promise<LoadedSymbols | Refusal> {
  return malformedAsRefusal(() => join(image, symbolTables(image, sources)))
}

function symbolTables(image: ElfImage, sources: SymbolSources): SourcedTable[] {
  const own: SourcedTable = { table: symtab(image), source: 'symtab' }
  const full = own.table.count > 0 ? own : strippedSymbols(image, sources)
  const dynamic: SourcedTable = { table: dynsym(image), source: 'dynsym' }
  return [full, dynamic].filter((entry) => entry !== undefined)
}

function strippedSymbols(image: ElfImage, sources: SymbolSources): SourcedTable | undefined {
  const debug = separateDebugFile(image, sources.path, sources.files)
  return debug && { table: symtab(debug), source: 'debug-file' }
}

function join(image: ElfImage, tables: readonly SourcedTable[]): LoadedSymbols {
  const frames = frameTable(image)
  const text = executableRanges(image)
  const candidates = symbolCandidates(tables, text)
  const columns = functionColumns({ candidates, frames, text, stubs: linkageTableRanges(image) })
  return { symbols: new FunctionTable(image, tables, candidates, columns), columns, tables, frames, text }
}
