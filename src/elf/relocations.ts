import { MalformedInput } from '../bytes/byte-reader.js'
import { DT } from './dynamic-section.js'
import { bytesAt, type ElfImage } from './elf-image.js'
import { SHT } from './section-headers.js'
import { sectionBytes } from './symbol-tables.js'

/** Relocation types (x86-64 psABI, table 4.9). */
export const R_X86_64 = { NONE: 0, WORD64: 1, GLOB_DAT: 6, JUMP_SLOT: 7, RELATIVE: 8, IRELATIVE: 37 } as const

const RELA_SIZE = 24
/** Several times what the largest browsers have; a compact table of a hostile file unfolds to 500 times its size. */
const MAX_RELOCATIONS = 1 << 23

/** Dynamic relocations in columns; row `i` is `Elf64_Rela` number `i`. */
export interface Relocations {
  readonly count: number
  /** Link-time addresses of the words to relocate. */
  readonly places: Float64Array
  readonly types: Uint32Array
  readonly symbols: Uint32Array
  readonly addends: Float64Array
}

/**
 * The relocations that the loader applies (DT_RELA, DT_JMPREL), or, in a static executable, those of its loaded
 * SHT_RELA sections (IRELATIVE).
 */
export function relocations(image: ElfImage): Relocations {
  const tables = relaTables(image)
  const count = tables.reduce((sum, table) => sum + Math.floor(table.length / RELA_SIZE), 0)
  if (count > MAX_RELOCATIONS) throw new MalformedInput(`${count} relocations`)
  const result = {
    count,
    places: new Float64Array(count),
    types: new Uint32Array(count),
    symbols: new Uint32Array(count),
    addends: new Float64Array(count),
  }
  let row = 0
  for (const table of tables) row = readTable(table, result, row)
  return result
}

function relaTables(image: ElfImage): Uint8Array[] {
  if (image.dynamic.size > 0) {
    return [dynamicTable(image, DT.RELA, DT.RELASZ), dynamicTable(image, DT.JMPREL, DT.PLTRELSZ)]
  }
  return image.sections.filter((s) => s.type === SHT.RELA && s.allocated).map((s) => sectionBytes(image, s))
}

function dynamicTable(image: ElfImage, addressTag: number, sizeTag: number): Uint8Array {
  const address = image.dynamic.get(addressTag)
  const size = image.dynamic.get(sizeTag) ?? 0
  if (address === undefined || size === 0) return new Uint8Array(0)
  const bytes = bytesAt(image, address, size)
  if (bytes.length < size)
    throw new MalformedInput(`the relocations of dynamic tag ${addressTag} lie outside of the file`)
  return bytes
}

function readTable(table: Uint8Array, into: Relocations, firstRow: number): number {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  let row = firstRow
  for (let at = 0; at + RELA_SIZE <= table.length; at += RELA_SIZE, row++) {
    into.places[row] = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
    into.types[row] = view.getUint32(at + 8, true)
    into.symbols[row] = view.getUint32(at + 12, true)
    into.addends[row] = view.getUint32(at + 16, true) + view.getInt32(at + 20, true) * 2 ** 32
  }
  return row
}

/**
 * Addresses of the words that DT_RELR adds the load bias to; their addends are in place (gABI, "Relative Relocation
 * Table": an even entry is an address, an odd one a bitmap of the 63 words after the last).
 */
export function relrPlaces(image: ElfImage): Float64Array {
  const table = relrTable(image)
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const places: number[] = []
  let next = 0
  for (let at = 0; at + 8 <= table.length; at += 8) {
    const low = view.getUint32(at, true)
    const high = view.getUint32(at + 4, true)
    if ((low & 1) === 0) {
      places.push(low + high * 2 ** 32)
      next = low + high * 2 ** 32 + 8
    } else {
      pushBits(places, next, low >>> 1, 31)
      pushBits(places, next + 31 * 8, high, 32)
      next += 63 * 8
    }
    if (places.length > MAX_RELOCATIONS) throw new MalformedInput(`more than ${MAX_RELOCATIONS} relative relocations`)
  }
  return Float64Array.from(places)
}

function relrTable(image: ElfImage): Uint8Array {
  if (image.dynamic.size > 0) return dynamicTable(image, DT.RELR, DT.RELRSZ)
  const section = image.sections.find((s) => s.type === SHT.RELR && s.allocated)
  return section === undefined ? new Uint8Array(0) : sectionBytes(image, section)
}

function pushBits(places: number[], start: number, bits: number, count: number): void {
  for (let bit = 0; bit < count; bit++) {
    if (((bits >>> bit) & 1) !== 0) places.push(start + bit * 8)
  }
}
