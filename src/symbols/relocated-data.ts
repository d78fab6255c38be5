import { vaddr } from '../bytes/address.js'
import { bytesAt, type ElfImage } from '../elf/elf-image.js'
import { PT } from '../elf/program-headers.js'
import { R_X86_64, type Relocations } from '../elf/relocations.js'
import { SHT } from '../elf/section-headers.js'
import { dynsym } from '../elf/symbol-tables.js'
import type { ByteRange } from '../isa/code-facts.js'
import { AddressRanges } from './address-ranges.js'

/** The module's data as it is in memory when the load bias is zero: relocated words hold link-time addresses. */
export class RelocatedData {
  /** Sorted, not overlapping. Ranges without relocations are views of the file. */
  readonly ranges: readonly ByteRange[]
  /** The values of all relocated words that are addresses of this module, unsorted, with duplicates. */
  readonly targets: Float64Array
  readonly #bounds: AddressRanges

  constructor(image: ElfImage, relocations: Relocations, relrPlaces: Float64Array) {
    this.#bounds = dataRanges(image)
    const writer = new RangeWriter(image, this.#bounds)
    const targets: number[] = []
    const symbols = dynsym(image)
    for (let row = 0; row < relocations.count; row++) {
      const symbol = relocations.symbols[row] ?? 0
      const addend = relocations.addends[row] ?? 0
      const value = relocatedValue(relocations.types[row] ?? 0, addend, () =>
        symbol < symbols.count ? symbols.value(symbol) : 0,
      )
      const place = relocations.places[row] ?? 0
      // Lazily bound slots begin with the address of their stub's second instruction, in place.
      targets.push(value ?? writer.read(place) - image.bias)
      if (value !== undefined) writer.write(place, value)
    }
    // RELR keeps its addends in the words themselves.
    for (const place of relrPlaces) {
      const value = writer.read(place) - image.bias
      targets.push(value)
      if (image.bias !== 0) writer.write(place, value)
    }
    this.ranges = writer.finish()
    this.targets = Float64Array.from(targets)
  }

  /** The 64-bit words of `[start, start + size)`, as far as data holds them. */
  words(start: number, size: number): number[] {
    const range = this.ranges[this.#bounds.indexOf(start)]
    if (range === undefined) return []
    const view = new DataView(range.bytes.buffer, range.bytes.byteOffset, range.bytes.byteLength)
    const words: number[] = []
    for (let at = start - range.start; at + 8 <= range.bytes.length && at + 8 <= start - range.start + size; at += 8) {
      words.push(view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32)
    }
    return words
  }
}

/** What the loader stores, less the load bias; undefined for what is not an address of this module. */
function relocatedValue(type: number, addend: number, symbolValue: () => number): number | undefined {
  switch (type) {
    case R_X86_64.RELATIVE:
    case R_X86_64.IRELATIVE:
      return addend
    case R_X86_64.WORD64:
    case R_X86_64.GLOB_DAT:
    case R_X86_64.JUMP_SLOT: {
      const value = symbolValue()
      return value === 0 ? undefined : value + (type === R_X86_64.WORD64 ? addend : 0)
    }
    default:
      return undefined
  }
}

function dataRanges(image: ElfImage): AddressRanges {
  const segments = image.segments
    .filter((s) => s.type === PT.LOAD && s.fileSize > 0)
    .map((s) => ({ start: s.vaddr, end: s.vaddr + s.fileSize, executable: s.executable }))
  const sections = image.sections
    .filter((s) => s.allocated && !s.executable && s.type !== SHT.NOBITS)
    .map((s) => ({ start: s.vaddr, end: s.vaddr + s.size }))
    .filter((s) => segments.some((segment) => s.start >= segment.start && s.end <= segment.end))
  return new AddressRanges(sections.length > 0 ? sections : segments.filter((s) => !s.executable))
}

/** Copies a range of the file when the first word of it changes. */
class RangeWriter {
  readonly #bounds: AddressRanges
  readonly #ranges: ByteRange[]
  readonly #views: DataView[]
  readonly #copied: boolean[]

  constructor(image: ElfImage, bounds: AddressRanges) {
    this.#bounds = bounds
    this.#ranges = Array.from(bounds.starts, (start, i) => ({
      start: vaddr(start),
      bytes: bytesAt(image, start, (bounds.ends[i] ?? 0) - start),
    }))
    this.#views = this.#ranges.map(({ bytes }) => viewOf(bytes))
    this.#copied = this.#ranges.map(() => false)
  }

  write(place: number, value: number): void {
    const index = this.#bounds.indexOf(place)
    const range = this.#ranges[index]
    if (
      range === undefined ||
      place - range.start + 8 > range.bytes.length ||
      !Number.isSafeInteger(value) ||
      value < 0
    )
      return
    if (this.#copied[index] !== true) this.#copy(index, range)
    const at = place - range.start
    this.#views[index]?.setUint32(at, value, true)
    this.#views[index]?.setUint32(at + 4, value / 2 ** 32, true)
  }

  /** The word at `place`; 0 outside of data. */
  read(place: number): number {
    const index = this.#bounds.indexOf(place)
    const view = this.#views[index]
    const at = place - (this.#bounds.starts[index] ?? 0)
    if (view === undefined || at + 8 > view.byteLength) return 0
    return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
  }

  finish(): readonly ByteRange[] {
    return this.#ranges
  }

  #copy(index: number, range: ByteRange): void {
    const bytes = range.bytes.slice()
    this.#ranges[index] = { start: range.start, bytes }
    this.#views[index] = viewOf(bytes)
    this.#copied[index] = true
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
