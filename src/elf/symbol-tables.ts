import { MalformedInput } from '../bytes/byte-reader.js'
import { decompressSection } from './compressed-section.js'
import { dynamicSymbols } from './dynamic-symbols.js'
import { type ElfImage, rawSectionBytes } from './elf-image.js'
import { type Section, SHT } from './section-headers.js'
import { StringTable } from './string-table.js'
import { SymbolTable } from './symbol-table.js'

/** More symbols than any linked file has; a table of this size would take seconds to index. */
const MAX_SYMBOLS = 1 << 24

/** Linkers let names share their ends, but not by this much; small tables may do what they like. */
const MOST_SHARING = 8
const ALWAYS_FINE = 1 << 25

/** .symtab: every symbol, unless the file is stripped. */
export function symtab(image: ElfImage): SymbolTable {
  const section = image.sections.find((s) => s.type === SHT.SYMTAB)
  return section === undefined ? SymbolTable.empty : readTable(image, section)
}

/** .dynsym: what the dynamic linker sees. Found through PT_DYNAMIC where the section headers are stripped. */
export function dynsym(image: ElfImage): SymbolTable {
  const section = image.sections.find((s) => s.type === SHT.DYNSYM)
  if (section === undefined) return dynamicSymbols(image)
  const versions = image.sections.find((s) => s.type === SHT.GNU_VERSYM && s.link === section.index)
  return readTable(image, section, versions && sectionBytes(image, versions))
}

function readTable(image: ElfImage, section: Section, versions?: Uint8Array): SymbolTable {
  const strings = image.sections[section.link]
  if (strings === undefined || strings.type !== SHT.STRTAB) {
    throw new MalformedInput(`the symbol table ${section.name} has no string table`)
  }
  const table = new SymbolTable(sectionBytes(image, section), new StringTable(sectionBytes(image, strings)), versions)
  if (table.count > MAX_SYMBOLS) throw new MalformedInput(`the symbol table ${section.name} has ${table.count} symbols`)
  checkNames(table, section)
  return table
}

const SAMPLES = 256

/** Refuses a table whose symbols share long names: a few megabytes of file would be gigabytes of names. */
function checkNames(table: SymbolTable, section: Section): void {
  const samples = Math.min(SAMPLES, table.count)
  const stride = table.count / samples
  let sampled = 0
  for (let i = 0; i < samples; i++) sampled += table.rawName(Math.floor(i * stride)).length
  const total = sampled * stride
  if (total > table.strings.size * MOST_SHARING + ALWAYS_FINE) {
    throw new MalformedInput(
      `the names of ${section.name} have ${Math.round(total)} characters, its strings ${table.strings.size}`,
    )
  }
}

/** Contents of a section, uncompressed; empty for SHT_NOBITS, as debug files have for the sections they leave out. */
export function sectionBytes(image: ElfImage, section: Section): Uint8Array {
  const raw = rawSectionBytes(image, section)
  if (section.type !== SHT.NOBITS && raw.length < section.size) {
    throw new MalformedInput(`the section ${section.name} reaches beyond the end of the file`)
  }
  return section.compressed ? decompressSection(raw) : raw
}
