import { type Address, offsetBy } from '../bytes/address.js'
import { MalformedInput } from '../bytes/byte-reader.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { parseDynamicSection } from './dynamic-section.js'
import { type ElfHeader, parseElfHeader } from './elf-header.js'
import type { ElfImage } from './elf-image.js'
import { malformedAsRefusal } from './malformed-as-refusal.js'
import { buildIdOf, parseNotes } from './notes.js'
import { PT, parseProgramHeaders, type Segment } from './program-headers.js'

/** Reads memory of the target: `size` bytes, or fewer where less can be read. */
export type ReadMemory = (start: Address, size: number) => Uint8Array

/** The loader wants the program headers on the first page; so do we. */
const FIRST_PAGE = 4096
const MAX_LOADED_BYTES = 2 ** 31

/**
 * The image of a module whose file is out of reach (deleted, replaced), from where it is loaded. `start` is the address of
 * its first file byte. There are no sections; addresses in the dynamic section are link-time ones again.
 */
export function parseLoadedElf(start: Address, read: ReadMemory): ElfImage | Refusal {
  return malformedAsRefusal(() => {
    const firstPage = read(start, FIRST_PAGE)
    const header = parseElfHeader(firstPage)
    if (isRefusal(header)) return header
    const segments = parseProgramHeaders(firstPage, header)
    const first = segments.find((s) => s.type === PT.LOAD && s.fileOffset === 0)
    if (first === undefined) return refuse('malformed-elf', 'No segment loads the ELF header.')
    const bias = Number(start) - first.vaddr
    return imageOf(withoutSections(header), segments, copySegments(segments, offsetBy(start, -first.vaddr), read), bias)
  })
}

function withoutSections(header: ElfHeader): ElfHeader {
  return { ...header, sectionHeaderOffset: 0, sectionHeaderCount: 0, sectionNameIndex: 0 }
}

function imageOf(header: ElfHeader, segments: readonly Segment[], bytes: Uint8Array, bias: number): ElfImage {
  const raw = parseDynamicSection(bytes, segments)
  // glibc adds the bias to addresses in place, musl does not; nothing else there is as large.
  const dynamic = new Map([...raw].map(([tag, value]) => [tag, bias > 0 && value >= bias ? value - bias : value]))
  return { bytes, header, segments, sections: [], dynamic, buildId: buildIdOf(parseNotes(bytes, segments, [])), bias }
}

/** The segments' bytes where the file had them; what no segment loads is zero. */
function copySegments(segments: readonly Segment[], base: Address, read: ReadMemory): Uint8Array {
  const loaded = segments.filter((s) => s.type === PT.LOAD)
  const size = Math.max(...loaded.map((s) => s.fileOffset + s.fileSize))
  if (size > MAX_LOADED_BYTES) throw new MalformedInput(`segments of ${size} bytes`)
  const bytes = new Uint8Array(size)
  for (const segment of loaded) {
    const contents = read(offsetBy(base, segment.vaddr), segment.fileSize)
    if (contents.length < segment.fileSize) {
      throw new MalformedInput(`of a segment of ${segment.fileSize} bytes, only ${contents.length} are in memory`)
    }
    bytes.set(contents, segment.fileOffset)
  }
  return bytes
}
