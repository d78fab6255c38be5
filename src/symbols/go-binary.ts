import type { FrameTable } from '../dwarf/frame-table.js'
import { DT } from '../elf/dynamic-section.js'
import type { ElfImage } from '../elf/elf-image.js'
import { NT_GO_BUILD_ID, parseNotes } from '../elf/notes.js'

const goSections: ReadonlySet<string> = new Set(['.go.buildinfo', '.note.go.buildid', '.gopclntab'])

/** Compiled, at least in part, by Go's own compiler. */
export function isGo(image: ElfImage): boolean {
  if (image.sections.some((section) => goSections.has(section.name))) return true
  return parseNotes(image.bytes, image.segments, image.sections).some(
    (n) => n.owner === 'Go' && n.type === NT_GO_BUILD_ID,
  )
}

/**
 * True unless all code is Go's, which keeps nothing below the stack pointer. With cgo, C code is linked in, and that does:
 * it shows in unwind information, or in a need for libc.
 */
export function hasRedZone(image: ElfImage, frames: FrameTable): boolean {
  return !isGo(image) || frames.count > 0 || image.dynamic.has(DT.NEEDED)
}
