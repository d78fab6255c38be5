import { hex } from '../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { parseDynamicSection } from './dynamic-section.js'
import { parseElfHeader } from './elf-header.js'
import type { ElfImage } from './elf-image.js'
import { malformedAsRefusal } from './malformed-as-refusal.js'
import { buildIdOf, parseNotes } from './notes.js'
import { PT, parseProgramHeaders, type Segment } from './program-headers.js'
import { parseSectionHeaders } from './section-headers.js'

/**
 * Reads the headers of an ELF64 x86-64 executable or shared object. Whatever the bytes are, the result is an image
 * whose headers lie within the file, or a refusal (`malformed-elf`, `unsupported-elf`). The bytes are not copied and
 * must not change.
 */
export function parseElf(bytes: Uint8Array): ElfImage | Refusal {
  return malformedAsRefusal(() => {
    const image = readImage(bytes)
    return isRefusal(image) ? image : (missingBytes(image) ?? image)
  })
}

/** As `parseElf`, for a separate debug file: its segments refer to bytes that only the stripped file has. */
export function parseDebugElf(bytes: Uint8Array): ElfImage | Refusal {
  return malformedAsRefusal(() => readImage(bytes))
}

function readImage(bytes: Uint8Array): ElfImage | Refusal {
  const header = parseElfHeader(bytes)
  if (isRefusal(header)) return header
  const segments = parseProgramHeaders(bytes, header)
  const sections = parseSectionHeaders(bytes, header)
  const dynamic = parseDynamicSection(bytes, segments)
  const buildId = buildIdOf(parseNotes(bytes, segments, sections))
  return { bytes, header, segments, sections, dynamic, buildId, bias: 0 }
}

function missingBytes(image: ElfImage): Refusal | undefined {
  const loaded = image.segments.filter((s) => s.type === PT.LOAD)
  if (loaded.length === 0) return refuse('malformed-elf', 'The ELF file has no segment to load.')
  const cut = loaded.find((s) => s.fileOffset + s.fileSize > image.bytes.length)
  return cut && refuse('malformed-elf', cutOff(cut, image.bytes.length))
}

function cutOff(segment: Segment, length: number): string {
  return `The ELF file is cut off at ${length} bytes: its segment at ${hex(segment.vaddr)} ends at byte ${segment.fileOffset + segment.fileSize}.`
}
