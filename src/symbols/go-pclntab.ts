import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import { bytesAt, type ElfImage } from '../elf/elf-image.js'
import { PT } from '../elf/program-headers.js'
import { relocations } from '../elf/relocations.js'
import { StringTable } from '../elf/string-table.js'
import { SymbolTable } from '../elf/symbol-table.js'
import { executableRanges } from './executable-ranges.js'

/** The table that Go's runtime unwinds by, and where its parts are. Offsets are from its beginning. */
export interface Pclntab {
  readonly bytes: Uint8Array
  /** First word by version of the format (Go's debug/gosym/pclntab.go). */
  readonly magic: number
  readonly functionCount: number
  readonly functionTable: number
  readonly names: number
  /** What program counter tables are counted from. */
  readonly counterTables: number
  /** Added to the function table's entries to make addresses; undefined where they are addresses already. */
  readonly textStart: number | undefined
}

const GO_1_2 = 0xfffffffb
const GO_1_16 = 0xfffffffa
export const GO_1_18 = 0xfffffff0
export const GO_1_20 = 0xfffffff1

const MAX_FUNCTIONS = 1 << 22
/** Offset of the word that holds the address of the text. */
const TEXT_START = 24
const SYMBOL_SIZE = 24
const GLOBAL_FUNCTION = 0x12

/**
 * The functions of a Go program from the table that its runtime unwinds by: stripping never removes it. In the form of a
 * symbol table, whose names are the runtime's own.
 */
export function goFunctionTable(image: ElfImage): SymbolTable | undefined {
  const table = readPclntab(image)
  if (table === undefined) return undefined
  return new SymbolTable(asSymbols(table), new StringTable(table.bytes.subarray(table.names)))
}

/** The table, or undefined where it cannot be found, is of an unknown version or does not say where the text is. */
export function readPclntab(image: ElfImage): Pclntab | undefined {
  const found = findPclntab(image)
  if (found === undefined) return undefined
  const table = readHeader(found.bytes)
  if (table === undefined || table.textStart === undefined) return table
  const textStart = linkedTextStart(image, found.start + TEXT_START, table.textStart)
  if (textStart !== undefined) return { ...table, textStart }
  const guessed = { ...table, textStart: textSectionStart(image) }
  return holdsEntry(image, guessed) ? guessed : undefined
}

/** The link-time address that a word of the header says, or its relocation; undefined where both are silent. */
function linkedTextStart(image: ElfImage, place: number, word: number): number | undefined {
  if (word !== 0) return word - image.bias
  const { places, addends } = relocations(image)
  return addends[places.indexOf(place)]
}

function textSectionStart(image: ElfImage): number {
  return image.sections.find((s) => s.name === '.text')?.vaddr ?? executableRanges(image).starts[0] ?? 0
}

/**
 * Where Go's linker has laid out the text, Go's code is first, and the file's entry point is a function of the table.
 * Another linker begins with code of its own, the entry point at its head.
 */
function holdsEntry(image: ElfImage, { bytes, functionCount, functionTable, textStart = 0 }: Pclntab): boolean {
  const wanted = image.header.entry - textStart
  const reader = new ByteReader(bytes)
  for (let row = 0; row < functionCount && wanted > 0; row++) {
    reader.seek(functionTable + row * 8)
    if (reader.u32() === wanted) return true
  }
  return false
}

interface FoundPclntab {
  readonly start: number
  readonly bytes: Uint8Array
}

function findPclntab(image: ElfImage): FoundPclntab | undefined {
  const section = image.sections.find((s) => s.name.endsWith('.gopclntab'))
  if (section !== undefined) return { start: section.vaddr, bytes: bytesAt(image, section.vaddr, section.size) }
  for (const segment of image.segments.filter((s) => s.type === PT.LOAD && !s.executable)) {
    const bytes = bytesAt(image, segment.vaddr, segment.fileSize)
    const offset = findHeader(bytes, segment.vaddr)
    if (offset !== undefined) return { start: segment.vaddr + offset, bytes: bytes.subarray(offset) }
  }
  return undefined
}

const magics: ReadonlySet<number> = new Set([GO_1_20, GO_1_18, GO_1_16, GO_1_2])
/** Two zeros, quantum 1, pointer size 8. */
const BEHIND_MAGIC = 0x08010000
const HEADER_ALIGNMENT = 32

/** The header in a file without sections. Every module's data is searched, so that only where it may be is looked. */
function findHeader(bytes: Uint8Array, start: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = (HEADER_ALIGNMENT - (start % HEADER_ALIGNMENT)) % HEADER_ALIGNMENT
  for (let offset = first; offset + 8 <= view.byteLength; offset += HEADER_ALIGNMENT) {
    if (view.getUint32(offset + 4, true) === BEHIND_MAGIC && magics.has(view.getUint32(offset, true))) return offset
  }
  return undefined
}

function readHeader(bytes: Uint8Array): Pclntab | undefined {
  const reader = new ByteReader(bytes)
  const magic = reader.u32()
  reader.skip(3)
  if (reader.u8() !== 8) return undefined
  const functionCount = reader.u64()
  if (functionCount > MAX_FUNCTIONS) throw new MalformedInput(`.gopclntab claims ${functionCount} functions`)
  const common = { bytes, magic, functionCount }
  if (magic === GO_1_2) return { ...common, functionTable: 16, names: 0, counterTables: 0, textStart: undefined }
  reader.skip(8)
  if (magic === GO_1_16) return { ...common, textStart: undefined, ...readOffsets(reader) }
  if (magic !== GO_1_18 && magic !== GO_1_20) return undefined
  return { ...common, textStart: reader.u64(), ...readOffsets(reader) }
}

function readOffsets(reader: ByteReader): Pick<Pclntab, 'names' | 'counterTables' | 'functionTable'> {
  const names = reader.u64()
  reader.skip(16)
  return { names, counterTables: reader.u64(), functionTable: reader.u64() }
}

/** `Elf64_Sym` entries, one a function; a function ends where the next one begins. */
function asSymbols(layout: Pclntab): Uint8Array {
  const { bytes } = layout
  const entries = new ByteReader(bytes)
  const functions = new ByteReader(bytes)
  entries.seek(layout.functionTable)
  const wide = layout.textStart === undefined
  const symbols = new Uint8Array(layout.functionCount * SYMBOL_SIZE)
  const view = new DataView(symbols.buffer)
  let start = readWord(entries, wide)
  for (let at = 0; at < symbols.length; at += SYMBOL_SIZE) {
    functions.seek(layout.functionTable - (layout.names === 0 ? 16 : 0) + readWord(entries, wide))
    functions.skip(wide ? 8 : 4)
    const end = readWord(entries, wide)
    view.setUint32(at, functions.u32(), true)
    view.setUint8(at + 4, GLOBAL_FUNCTION)
    view.setUint16(at + 6, 1, true)
    setWord(view, at + 8, start + (layout.textStart ?? 0))
    setWord(view, at + 16, Math.max(0, end - start))
    start = end
  }
  return symbols
}

function readWord(reader: ByteReader, wide: boolean): number {
  return wide ? reader.u64() : reader.u32()
}

function setWord(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true)
  view.setUint32(at + 4, value / 2 ** 32, true)
}
