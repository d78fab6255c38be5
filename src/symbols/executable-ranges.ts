import type { ElfImage } from '../elf/elf-image.js'
import { PT } from '../elf/program-headers.js'
import { SHT } from '../elf/section-headers.js'
import { AddressRanges } from './address-ranges.js'

interface Range {
  readonly start: number
  readonly end: number
}

/** The code of the module: executable sections as far as executable segments load them, else those segments. */
export function executableRanges(image: ElfImage): AddressRanges {
  const segments = new AddressRanges(
    image.segments
      .filter((s) => s.type === PT.LOAD && s.executable && s.fileSize > 0)
      .map((s) => ({ start: s.vaddr, end: s.vaddr + s.fileSize })),
  )
  const sections = image.sections
    .filter((s) => s.allocated && s.executable && s.type !== SHT.NOBITS)
    .flatMap((s) => clip({ start: s.vaddr, end: s.vaddr + s.size }, segments))
  return sections.length > 0 ? new AddressRanges(sections) : segments
}

/** The linker's stubs: code with unwind information that is nobody's function. */
export function linkageTableRanges(image: ElfImage): AddressRanges {
  return new AddressRanges(
    image.sections
      .filter((s) => s.executable && /^\.i?plt(\.|$)/.test(s.name))
      .map((s) => ({ start: s.vaddr, end: s.vaddr + s.size })),
  )
}

function clip(range: Range, within: AddressRanges): Range[] {
  const index = within.indexOf(range.start)
  const limit = within.ends[index]
  return limit === undefined ? [] : [{ start: range.start, end: Math.min(range.end, limit) }]
}
