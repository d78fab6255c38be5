import { hex, type Vaddr, vaddr } from '../bytes/address.js'
import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import { type Refusal, refuse } from '../refusal/refusal.js'

/** The file header (gABI chapter 4, `Elf64_Ehdr`), reduced to what an ELF64 x86-64 file can vary. */
export interface ElfHeader {
  /** `exec`: linked at a fixed address (ET_EXEC). `dyn`: position independent (ET_DYN). */
  readonly type: 'exec' | 'dyn'
  readonly entry: Vaddr
  readonly programHeaderOffset: number
  readonly programHeaderCount: number
  readonly sectionHeaderOffset: number
  /** 0 with a section header offset means that section 0 holds the count. */
  readonly sectionHeaderCount: number
  readonly sectionNameIndex: number
}

const HEADER_SIZE = 64
const PROGRAM_HEADER_SIZE = 56
const SECTION_HEADER_SIZE = 64
const EM_X86_64 = 62

const typeNames: Readonly<Record<number, string>> = {
  0: 'no type at all',
  1: 'a relocatable object file (ET_REL)',
  4: 'a core dump (ET_CORE)',
}

const machineNames: Readonly<Record<number, string>> = {
  3: 'i386',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC64',
  22: 's390',
  40: 'ARM',
  183: 'AArch64',
  243: 'RISC-V',
  258: 'LoongArch',
}

export function parseElfHeader(bytes: Uint8Array): ElfHeader | Refusal {
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    return refuse('malformed-elf', 'The file does not begin with the ELF magic number.')
  }
  if (bytes.length < HEADER_SIZE) {
    return refuse('malformed-elf', `The file is cut off: ${bytes.length} bytes are less than an ELF header.`)
  }
  return unsupportedFormat(bytes) ?? readHeader(new ByteReader(bytes))
}

function unsupportedFormat(bytes: Uint8Array): Refusal | undefined {
  if (bytes[4] === 1) return unsupported('a 32-bit file')
  if (bytes[4] !== 2) return refuse('malformed-elf', `The ELF class ${bytes[4]} is unknown.`)
  if (bytes[5] === 2) return unsupported('a big-endian file')
  if (bytes[5] !== 1) return refuse('malformed-elf', `The ELF byte order ${bytes[5]} is unknown.`)
  if (bytes[6] !== 1) return unsupported(`of ELF version ${bytes[6]}`)
  return undefined
}

function readHeader(reader: ByteReader): ElfHeader | Refusal {
  reader.seek(16)
  const type = reader.u16()
  const machine = reader.u16()
  if (machine !== EM_X86_64) return unsupported(`for ${machineNames[machine] ?? `machine ${machine}`}`)
  if (type !== 2 && type !== 3) return unsupported(typeNames[type] ?? `of ELF type ${hex(type)}`)
  reader.skip(4)
  const entry = vaddr(reader.u64())
  const programHeaderOffset = reader.u64()
  const sectionHeaderOffset = reader.u64()
  reader.skip(6)
  const programHeaderSize = reader.u16()
  const programHeaderCount = reader.u16()
  const sectionHeaderSize = reader.u16()
  const sectionHeaderCount = reader.u16()
  const sectionNameIndex = reader.u16()
  if (programHeaderCount > 0) checkEntrySize('program', programHeaderSize, PROGRAM_HEADER_SIZE)
  if (sectionHeaderOffset > 0) checkEntrySize('section', sectionHeaderSize, SECTION_HEADER_SIZE)
  return {
    type: type === 2 ? 'exec' : 'dyn',
    entry,
    programHeaderOffset,
    programHeaderCount,
    sectionHeaderOffset,
    sectionHeaderCount,
    sectionNameIndex,
  }
}

function checkEntrySize(table: string, actual: number, expected: number): void {
  if (actual !== expected) throw new MalformedInput(`${table} headers of ${actual} bytes, where ${expected} are due`)
}

function unsupported(what: string): Refusal {
  return refuse('unsupported-elf', `The file is ${what}; ring3 serves 64-bit x86-64 executables and shared objects.`)
}
