import { ByteReader } from '../bytes/byte-reader.js'
import { PT, type Segment } from './program-headers.js'

/** Tags of the dynamic section (gABI chapter 5; glibc's elf.h for the GNU ones). */
export const DT = {
  NEEDED: 1,
  PLTRELSZ: 2,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  RELA: 7,
  RELASZ: 8,
  STRSZ: 10,
  INIT: 12,
  FINI: 13,
  JMPREL: 23,
  INIT_ARRAY: 25,
  FINI_ARRAY: 26,
  INIT_ARRAYSZ: 27,
  FINI_ARRAYSZ: 28,
  PREINIT_ARRAY: 32,
  PREINIT_ARRAYSZ: 33,
  RELRSZ: 35,
  RELR: 36,
  GNU_HASH: 0x6ffffef5,
  VERSYM: 0x6ffffff0,
} as const

/** Tag to value. The first entry of a tag counts; no tag that ring3 reads may repeat. */
export type DynamicSection = ReadonlyMap<number, number>

/** Far above real files, which hold some tens, plus one for each needed library. */
const MAX_ENTRIES = 1 << 16

/** Entries up to DT_NULL; an empty map where the file is not dynamically linked. */
export function parseDynamicSection(bytes: Uint8Array, segments: readonly Segment[]): DynamicSection {
  const entries = new Map<number, number>()
  const segment = segments.find((s) => s.type === PT.DYNAMIC)
  if (segment === undefined) return entries
  const end = Math.min(segment.fileOffset + segment.fileSize, bytes.length)
  const reader = new ByteReader(bytes, Math.min(segment.fileOffset, end), end)
  for (let i = 0; i < MAX_ENTRIES && reader.remaining >= 16; i++) {
    const low = reader.u32()
    const high = reader.u32()
    if (low === 0 && high === 0) break
    const value = reader.u32() + reader.u32() * 2 ** 32
    if (high === 0 && Number.isSafeInteger(value) && !entries.has(low)) entries.set(low, value)
  }
  return entries
}
