import { type FileOffset, fileOffset, type Vaddr, vaddr } from '../bytes/address.js'
import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import type { ElfHeader } from './elf-header.js'
import { StringTable } from './string-table.js'

/** Section types (gABI chapter 4). */
export const SHT = {
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  DYNAMIC: 6,
  NOTE: 7,
  NOBITS: 8,
  DYNSYM: 11,
  INIT_ARRAY: 14,
  FINI_ARRAY: 15,
  PREINIT_ARRAY: 16,
  RELR: 19,
  GNU_VERSYM: 0x6fffffff,
} as const

/** One section header (gABI chapter 4, `Elf64_Shdr`) with its name looked up. */
export interface Section {
  readonly index: number
  readonly name: string
  readonly type: number
  readonly writable: boolean
  /** Occupies memory in the process (SHF_ALLOC). */
  readonly allocated: boolean
  readonly executable: boolean
  readonly compressed: boolean
  readonly tls: boolean
  readonly vaddr: Vaddr
  readonly fileOffset: FileOffset
  readonly size: number
  /** `sh_link`: for symbol tables the section index of their string table. */
  readonly link: number
}

type UnnamedSection = Omit<Section, 'name'> & { readonly nameOffset: number }

const SIZE = 64
/** Object files with a section for every function have more; linked files stay below a hundred. */
const MAX_SECTIONS = 1 << 16
const SHN_XINDEX = 0xffff

/** All sections, or none where the file has no section header table. */
export function parseSectionHeaders(bytes: Uint8Array, header: ElfHeader): Section[] {
  const start = header.sectionHeaderOffset
  if (start === 0) return []
  const first = readSection(new ByteReader(bytes, start, start + SIZE), 0)
  // Counts that do not fit in 16 bits are kept in section 0 (gABI, e_shnum and e_shstrndx).
  const count = header.sectionHeaderCount === 0 ? first.size : header.sectionHeaderCount
  const nameIndex = header.sectionNameIndex === SHN_XINDEX ? first.link : header.sectionNameIndex
  if (count > MAX_SECTIONS) throw new MalformedInput(`${count} section headers`)
  if (count === 0) return []
  const reader = new ByteReader(bytes, start, start + count * SIZE)
  const unnamed = Array.from({ length: count }, (_, index) => readSection(reader, index))
  const names = nameTable(bytes, unnamed[nameIndex])
  return unnamed.map(({ nameOffset, ...section }) => ({ ...section, name: names.at(nameOffset) }))
}

function nameTable(bytes: Uint8Array, section: UnnamedSection | undefined): StringTable {
  if (section === undefined || section.type !== SHT.STRTAB) return StringTable.empty
  return new StringTable(new ByteReader(bytes, section.fileOffset).slice(section.size))
}

function readSection(reader: ByteReader, index: number): UnnamedSection {
  const nameOffset = reader.u32()
  const type = reader.u32()
  const flags = reader.u32()
  reader.skip(4)
  const address = vaddr(reader.u64())
  const offset = fileOffset(reader.u64())
  const size = reader.u64()
  const link = reader.u32()
  reader.skip(20)
  if (!Number.isSafeInteger(address + size) || !Number.isSafeInteger(offset + size)) {
    throw new MalformedInput(`section ${index} is too large`)
  }
  return {
    index,
    nameOffset,
    type,
    vaddr: address,
    fileOffset: offset,
    size,
    link,
    writable: (flags & 1) !== 0,
    allocated: (flags & 2) !== 0,
    executable: (flags & 4) !== 0,
    tls: (flags & 0x400) !== 0,
    compressed: (flags & 0x800) !== 0,
  }
}
