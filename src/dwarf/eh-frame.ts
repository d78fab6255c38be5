import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import { bytesAt, type ElfImage } from '../elf/elf-image.js'
import { SHT } from '../elf/section-headers.js'
import { type Cie, type InstructionRange, readCie } from './cie.js'
import { ehFrameAddressFromHeader } from './eh-frame-hdr.js'
import { DW_EH_PE, readEncodedPointer, readEncodedValue } from './encoded-pointer.js'
import { type FrameTable, FrameTableBuilder } from './frame-table.js'

/** Bytes of .eh_frame and where they are loaded. */
export interface EhFrame {
  readonly bytes: Uint8Array
  readonly address: number
  /** A zero length ends the list; with a known size it may only mark a seam between two linked pieces. */
  readonly endsAtZero: boolean
}

/** A frame description entry: what .eh_frame says about one range of code. Link-time addresses. */
export interface Fde {
  readonly cie: Cie
  readonly start: number
  /** First address behind the range. */
  readonly end: number
  /** Address of the language-specific data area; 0 for none. */
  readonly lsda: number
  readonly instructions: InstructionRange
}

/** The ranges of every FDE of the module. */
export function frameTable(image: ElfImage): FrameTable {
  const table = new FrameTableBuilder()
  const frame = locateEhFrame(image)
  if (frame !== undefined) for (const { start, end, lsda } of readFdes(frame)) table.add(start, end, lsda)
  return table.build()
}

/** The .eh_frame of a module (LSB Core, ".eh_frame"), found through its section, else through PT_GNU_EH_FRAME. */
export function locateEhFrame(image: ElfImage): EhFrame | undefined {
  const section = image.sections.find((s) => s.name === '.eh_frame' && s.allocated && s.type !== SHT.NOBITS)
  if (section !== undefined) {
    return { bytes: bytesAt(image, section.vaddr, section.size), address: section.vaddr, endsAtZero: false }
  }
  const address = ehFrameAddressFromHeader(image)
  return address === undefined ? undefined : { bytes: bytesAt(image, address), address, endsAtZero: true }
}

/** Every FDE that covers code, in the order of the section. */
export function readFdes(frame: EhFrame): Iterable<Fde> {
  return new EhFrameReader(frame).read()
}

class EhFrameReader {
  readonly #frame: EhFrame
  readonly #cies = new Map<number, Cie>()

  constructor(frame: EhFrame) {
    this.#frame = frame
  }

  *read(): Iterable<Fde> {
    const reader = new ByteReader(this.#frame.bytes)
    while (reader.remaining >= 4) {
      const end = entryEnd(reader)
      if (end === reader.offset) {
        if (this.#frame.endsAtZero) break
        continue
      }
      const fde = this.#readEntry(reader, end)
      if (fde !== undefined) yield fde
      reader.seek(end)
    }
  }

  #readEntry(reader: ByteReader, end: number): Fde | undefined {
    const at = reader.offset
    const id = reader.u32()
    if (id === 0) return undefined
    const cie = this.#cieAt(at - id)
    const bases = { readerAddress: this.#frame.address }
    const start = readEncodedPointer(reader, cie.pointerEncoding, bases)
    const length = readEncodedValue(reader, cie.pointerEncoding)
    // The linker leaves empty FDEs for functions that it dropped.
    if (start === undefined || length <= 0) return undefined
    const size = cie.hasAugmentationLength ? reader.uleb() : 0
    const instructions = { start: reader.offset + size, end }
    const lsda = size === 0 ? 0 : this.#readLsda(reader, cie, start)
    if (Math.max(reader.offset, instructions.start) > end)
      throw new MalformedInput(`the FDE at ${at} is longer than it says`)
    return { cie, start, end: start + length, lsda, instructions }
  }

  #readLsda(reader: ByteReader, cie: Cie, start: number): number {
    if (cie.lsdaEncoding === DW_EH_PE.OMIT) return 0
    const bases = { readerAddress: this.#frame.address, function: start }
    return readEncodedPointer(reader, cie.lsdaEncoding, bases) ?? 0
  }

  #cieAt(offset: number): Cie {
    const known = this.#cies.get(offset)
    if (known !== undefined) return known
    const reader = new ByteReader(this.#frame.bytes)
    reader.seek(offset)
    const end = entryEnd(reader)
    if (end - reader.offset < 4 || reader.u32() !== 0) throw new MalformedInput(`there is no CIE at ${offset}`)
    const cie = readCie(reader, end)
    this.#cies.set(offset, cie)
    return cie
  }
}

/** Reads the length of an entry. @returns the offset of the next one; the reader's own, where the length is zero */
function entryEnd(reader: ByteReader): number {
  const length = reader.u32()
  const size = length === 0xffffffff ? reader.u64() : length
  if (size > reader.remaining) throw new MalformedInput(`the .eh_frame entry at ${reader.offset} is too long`)
  return reader.offset + size
}
