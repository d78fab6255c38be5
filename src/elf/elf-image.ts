import type { FileOffset, Vaddr } from '../bytes/address.js'
import { fileOffset } from '../bytes/address.js'
import type { DynamicSection } from './dynamic-section.js'
import type { ElfHeader } from './elf-header.js'
import { PT, type Segment } from './program-headers.js'
import { type Section, SHT } from './section-headers.js'

/** A checked ELF file: its headers are read, everything else is read on demand. */
export interface ElfImage {
  readonly bytes: Uint8Array
  readonly header: ElfHeader
  /** In the order of the file. */
  readonly segments: readonly Segment[]
  /** In the order of the file; empty when the section headers are stripped. */
  readonly sections: readonly Section[]
  readonly dynamic: DynamicSection
  /** Lower-case hex, from the GNU build-id note. */
  readonly buildId: string | undefined
  /** What the loader has added to the addresses that it relocated: 0 for a file, the load bias for a copy of memory. */
  readonly bias: number
}

export function sectionNamed(image: ElfImage, name: string): Section | undefined {
  return image.sections.find((section) => section.name === name)
}

/** The loaded segment whose bytes in the file hold `address`. */
export function segmentAt(image: ElfImage, address: number): Segment | undefined {
  return image.segments.find((s) => s.type === PT.LOAD && address >= s.vaddr && address < s.vaddr + s.fileSize)
}

/** Where the byte at `address` is in the file. */
export function fileOffsetOf(image: ElfImage, address: Vaddr): FileOffset | undefined {
  const segment = segmentAt(image, address)
  return segment && fileOffset(address - segment.vaddr + segment.fileOffset)
}

/**
 * The file's bytes for `[address, address + size)`, as the loader maps them; fewer where the file or the segment ends
 * earlier. A view, not a copy.
 */
export function bytesAt(image: ElfImage, address: number, size = Number.POSITIVE_INFINITY): Uint8Array {
  const segment = segmentAt(image, address)
  if (segment === undefined) return new Uint8Array(0)
  const start = address - segment.vaddr + segment.fileOffset
  const end = Math.min(start + size, segment.fileOffset + segment.fileSize, image.bytes.length)
  return image.bytes.subarray(start, Math.max(start, end))
}

/** Raw bytes of a section as they are in the file; empty for SHT_NOBITS. Fewer where the file ends earlier. */
export function rawSectionBytes(image: ElfImage, section: Section): Uint8Array {
  if (section.type === SHT.NOBITS) return new Uint8Array(0)
  return image.bytes.subarray(section.fileOffset, section.fileOffset + section.size)
}
