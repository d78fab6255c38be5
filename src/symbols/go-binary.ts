import type { ElfImage } from '../elf/elf-image.js'
import { NT_GO_BUILD_ID, parseNotes } from '../elf/notes.js'

const goSections: ReadonlySet<string> = new Set(['.go.buildinfo', '.note.go.buildid', '.gopclntab'])

/** Compiled by Go's own compiler, whose code keeps nothing below the stack pointer. */
export function isGo(image: ElfImage): boolean {
  if (image.sections.some((section) => goSections.has(section.name))) return true
  return parseNotes(image.bytes, image.segments, image.sections).some(
    (n) => n.owner === 'Go' && n.type === NT_GO_BUILD_ID,
  )
}
