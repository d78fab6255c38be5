import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import { bytesAt, type ElfImage } from '../elf/elf-image.js'
import { SHT } from '../elf/section-headers.js'
import { type Cie, readCie } from './cie.js'
import { ehFrameAddressFromHeader } from './eh-frame-hdr.js'
import { DW_EH_PE, readEncodedPointer, readEncodedValue } from './encoded-pointer.js'
import { type FrameTable, FrameTableBuilder, noFrames } from './frame-table.js'

/** Bytes of .eh_frame and where they are loaded. */
interface EhFrame {
  readonly bytes: Uint8Array
  readonly address: number
  /** A zero length ends the list; with a known size it may only mark a seam between two linked pieces. */
  readonly endsAtZero: boolean
}

/** Every FDE of the module (LSB Core, ".eh_frame"), found through its section, else through PT_GNU_EH_FRAME. */
export function frameTable(image: ElfImage): FrameTable {
  const frame = locate(image)
  return frame === undefined ? noFrames : new EhFrameReader(frame).read()
}

function locate(image: ElfImage): EhFrame | undefined {
  const section = image.sections.find((s) => s.name === '.eh_frame' && s.allocated && s.type !== SHT.NOBITS)
  if (section !== undefined) {
    return { bytes: bytesAt(image, section.vaddr, section.size), address: section.vaddr, endsAtZero: false }
  }
  const address = ehFrameAddressFromHeader(image)
  return address === undefined ? undefined : { bytes: bytesAt(image, address), address, endsAtZero: true }
}

class EhFrameReader {
  readonly #frame: EhFrame
  readonly #cies = new Map<number, Cie>()
  readonly #table = new FrameTableBuilder()

  constructor(frame: EhFrame) {
    this.#frame = frame
  }

  read(): FrameTable {
    const reader = new ByteReader(this.#frame.bytes)
    while (reader.remaining >= 4) {
      const length = reader.u32()
      if (length === 0) {
        if (this.#frame.endsAtZero) break
        continue
      }
      const size = length === 0xffffffff ? reader.u64() : length
      if (size > reader.remaining) throw new MalformedInput(`the .eh_frame entry at ${reader.offset} is too long`)
      const end = reader.offset + size
      this.#readEntry(reader, end)
      reader.seek(end)
    }
    return this.#table.build()
  }

  #readEntry(reader: ByteReader, end: number): void {
    const at = reader.offset
    const id = reader.u32()
    if (id === 0) return
    const cie = this.#cieAt(at - id)
    const bases = { readerAddress: this.#frame.address }
    const start = readEncodedPointer(reader, cie.pointerEncoding, bases)
    const length = readEncodedValue(reader, cie.pointerEncoding)
    // The linker leaves empty FDEs for functions that it dropped.
    if (start === undefined || length <= 0) return
    this.#table.add(start, start + length, this.#readLsda(reader, cie, start))
    if (reader.offset > end) throw new MalformedInput(`the FDE at ${at} is longer than it says`)
  }

  #readLsda(reader: ByteReader, cie: Cie, start: number): number {
    if (cie.lsdaEncoding === DW_EH_PE.OMIT || !cie.hasAugmentationLength) return 0
    if (reader.uleb() === 0) return 0
    const bases = { readerAddress: this.#frame.address, function: start }
    return readEncodedPointer(reader, cie.lsdaEncoding, bases) ?? 0
  }

  #cieAt(offset: number): Cie {
    const known = this.#cies.get(offset)
    if (known !== undefined) return known
    const reader = new ByteReader(this.#frame.bytes)
    reader.seek(offset)
    const length = reader.u32()
    if (length === 0xffffffff) reader.skip(8)
    if (reader.u32() !== 0) throw new MalformedInput(`there is no CIE at ${offset}`)
    const cie = readCie(reader)
    this.#cies.set(offset, cie)
    return cie
  }
}
