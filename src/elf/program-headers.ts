import { type FileOffset, fileOffset, hex, type Vaddr, vaddr } from '../bytes/address.js'
import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import type { ElfHeader } from './elf-header.js'

/** Segment types (gABI chapter 5; LSB Core for the GNU ones). */
export const PT = { LOAD: 1, DYNAMIC: 2, NOTE: 4, TLS: 7, GNU_EH_FRAME: 0x6474e550 } as const

/** One program header (gABI chapter 5, `Elf64_Phdr`). */
export interface Segment {
  readonly type: number
  readonly readable: boolean
  readonly writable: boolean
  readonly executable: boolean
  readonly fileOffset: FileOffset
  readonly vaddr: Vaddr
  readonly fileSize: number
  readonly memorySize: number
}

/** The kernel takes no more than 64 KiB of them (fs/binfmt_elf.c, `load_elf_phdrs`). */
const MAX_SEGMENTS = 1170
const SIZE = 56

export function parseProgramHeaders(bytes: Uint8Array, header: ElfHeader): Segment[] {
  const count = header.programHeaderCount
  if (count > MAX_SEGMENTS) throw new MalformedInput(`${count} program headers`)
  const start = header.programHeaderOffset
  const reader = new ByteReader(bytes, start, start + count * SIZE)
  return Array.from({ length: count }, () => readSegment(reader))
}

function readSegment(reader: ByteReader): Segment {
  const type = reader.u32()
  const flags = reader.u32()
  const offset = fileOffset(reader.u64())
  const address = vaddr(reader.u64())
  reader.skip(8)
  const fileSize = reader.u64()
  const memorySize = reader.u64()
  reader.skip(8)
  if (!Number.isSafeInteger(address + memorySize) || !Number.isSafeInteger(offset + fileSize)) {
    throw new MalformedInput(`the segment at ${hex(address)} is too large`)
  }
  if (type === PT.LOAD && fileSize > memorySize) {
    throw new MalformedInput(`the segment at ${hex(address)} has more bytes in the file than in memory`)
  }
  return {
    type,
    executable: (flags & 1) !== 0,
    writable: (flags & 2) !== 0,
    readable: (flags & 4) !== 0,
    fileOffset: offset,
    vaddr: address,
    fileSize,
    memorySize,
  }
}
