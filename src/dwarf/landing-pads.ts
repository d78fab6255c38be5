import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import { type ElfImage, segmentAt } from '../elf/elf-image.js'
import { DW_EH_PE, type PointerBases, readEncodedPointer, readEncodedValue } from './encoded-pointer.js'
import type { FrameTable } from './frame-table.js'

/** Some millions more than the largest C++ programs have; a hostile file could name one huge table for every function. */
const MAX_CALL_SITES = 1 << 23

export interface LandingPads {
  /** Addresses that exceptions continue at, unsorted, with duplicates. */
  readonly addresses: Float64Array
  /** Rows of the frame table whose exception table is not in GCC's format: their landing pads are unknown. */
  readonly unreadable: readonly number[]
}

/**
 * Landing pads from the language-specific data areas. The format is GCC's, shared by C, C++, Rust, Ada, D and Go's
 * gccgo; it is described in GCC's unwind-pe.h and the Itanium C++ ABI, "Exception Handling Tables".
 */
export function landingPads(image: ElfImage, frames: FrameTable): LandingPads {
  const addresses: number[] = []
  const unreadable: number[] = []
  const readers = new SegmentReaders(image)
  const budget = { callSites: MAX_CALL_SITES }
  for (let row = 0; row < frames.count; row++) {
    const lsda = frames.lsdas[row] ?? 0
    if (lsda === 0) continue
    if (!readLsda(readers, lsda, frames.starts[row] ?? 0, { addresses, budget })) unreadable.push(row)
  }
  return { addresses: Float64Array.from(addresses), unreadable }
}

interface Collected {
  readonly addresses: number[]
  readonly budget: { callSites: number }
}

/** Appends the landing pads of one function; false when its table cannot be read. */
function readLsda(readers: SegmentReaders, lsda: number, start: number, into: Collected): boolean {
  const found = readers.at(lsda)
  if (found === undefined) return false
  try {
    readCallSites(found.reader, { readerAddress: found.readerAddress, function: start }, start, into)
    return true
  } catch (error) {
    // A language with another table format is no reason to refuse the module: the function is reported instead.
    if (!(error instanceof MalformedInput)) throw error
    return false
  }
}

function readCallSites(reader: ByteReader, bases: PointerBases, start: number, into: Collected): void {
  const base = readEncodedPointer(reader, reader.u8(), bases) ?? start
  if (reader.u8() !== DW_EH_PE.OMIT) reader.uleb()
  const encoding = reader.u8()
  const size = reader.uleb()
  if (size > reader.remaining) throw new MalformedInput(`the call-site table at ${reader.offset} is too long`)
  const end = reader.offset + size
  while (reader.offset < end) {
    if (into.budget.callSites-- <= 0) throw new MalformedInput('the exception tables have too many call sites')
    readEncodedValue(reader, encoding)
    readEncodedValue(reader, encoding)
    const pad = readEncodedValue(reader, encoding)
    reader.uleb()
    if (pad !== 0) into.addresses.push(base + pad)
  }
}

/** One reader a segment: tables lie together, and making a reader for each would cost more than reading it. */
class SegmentReaders {
  readonly #image: ElfImage
  #start = 0
  #end = 0
  #reader: ByteReader | undefined

  constructor(image: ElfImage) {
    this.#image = image
  }

  at(address: number): { readonly reader: ByteReader; readonly readerAddress: number } | undefined {
    if (!(address >= this.#start && address < this.#end)) this.#open(address)
    if (this.#reader === undefined) return undefined
    this.#reader.seek(address - this.#start)
    return { reader: this.#reader, readerAddress: this.#start }
  }

  #open(address: number): void {
    const segment = segmentAt(this.#image, address)
    this.#reader = undefined
    if (segment === undefined) return
    const bytes = this.#image.bytes.subarray(segment.fileOffset, segment.fileOffset + segment.fileSize)
    if (address - segment.vaddr >= bytes.length) return
    this.#start = segment.vaddr
    this.#end = segment.vaddr + bytes.length
    this.#reader = new ByteReader(bytes)
  }
}
