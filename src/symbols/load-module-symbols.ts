import { frameTable } from '../dwarf/eh-frame.js'
import type { FrameTable } from '../dwarf/frame-table.js'
import type { ElfImage } from '../elf/elf-image.js'
import { malformedAsRefusal } from '../elf/malformed-as-refusal.js'
import { dynsym, symtab } from '../elf/symbol-tables.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import type { AddressRanges } from './address-ranges.js'
import { executableRanges, linkageTableRanges } from './executable-ranges.js'
import { type FunctionColumns, functionColumns } from './function-columns.js'
import { FunctionNames } from './function-names.js'
import { FunctionTable } from './function-table.js'
import { isGo } from './go-binary.js'
import { goFunctionTable } from './go-pclntab.js'
import { miniDebugInfo } from './mini-debug-info.js'
import type { ModuleSymbols, SymbolSource } from './module-symbols.js'
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
  /** Why a source of symbols that is there was not used; sentences for the user. */
  readonly warnings: readonly string[]
}

/**
 * Reads every table that names functions: .symtab, else the separate debug file, else .gnu_debugdata, else Go's
 * .gopclntab; .dynsym; and the ranges of .eh_frame for functions without a name (`sub_1a2b0`).
 */
export async function loadModuleSymbols(image: ElfImage, sources: SymbolSources): Promise<LoadedSymbols | Refusal> {
  const own = malformedAsRefusal(
    () =>
      [
        { table: symtab(image), source: 'symtab' },
        { table: dynsym(image), source: 'dynsym' },
      ] satisfies SourcedTable[],
  )
  if (isRefusal(own)) return own
  const stripped = own[0]?.table.count === 0
  const other = stripped ? await strippedSymbols(image, sources) : undefined
  const tables = isRefusal(other) || other === undefined ? own : [other, ...own]
  return malformedAsRefusal(() =>
    join(image, tables, isRefusal(other) ? [`its other source of symbols was passed over: ${other.because}`] : []),
  )
}

/** The first source that has what the file itself lacks. A damaged one is no reason to refuse the module. */
async function strippedSymbols(image: ElfImage, sources: SymbolSources): Promise<SourcedTable | Refusal | undefined> {
  const debug = malformedAsRefusal(() => separateDebugFile(image, sources.path, sources.files))
  if (isRefusal(debug)) return debug
  if (debug !== undefined) return fromImage(debug, 'debug-file')
  const mini = await miniDebugInfo(image)
  if (mini !== undefined) return fromImage(mini, 'mini-debug-info')
  if (!isGo(image)) return undefined
  const table = malformedAsRefusal(() => goFunctionTable(image))
  return isRefusal(table) || table === undefined ? table : { table, source: 'pclntab' }
}

function fromImage(image: ElfImage, source: SymbolSource): SourcedTable | Refusal {
  return malformedAsRefusal(() => ({ table: symtab(image), source }))
}

function join(image: ElfImage, tables: readonly SourcedTable[], warnings: readonly string[]): LoadedSymbols {
  const frames = frameTable(image)
  const text = executableRanges(image)
  const candidates = symbolCandidates(tables, text)
  const columns = functionColumns({ candidates, frames, text, stubs: linkageTableRanges(image) })
  const symbols = new FunctionTable(image, columns, new FunctionNames(tables, candidates, columns))
  return { symbols, columns, tables, frames, text, warnings }
}
