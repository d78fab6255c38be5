import { StringTable } from './string-table.js'

/** Symbol types (gABI chapter 4, `ELF64_ST_TYPE`). */
export const STT = { NOTYPE: 0, OBJECT: 1, FUNC: 2, SECTION: 3, FILE: 4, TLS: 6, GNU_IFUNC: 10 } as const

export const STB = { LOCAL: 0, GLOBAL: 1, WEAK: 2, GNU_UNIQUE: 10 } as const

export const SHN_UNDEF = 0

const SIZE = 24
/** `VERSYM_HIDDEN`: an old version of a symbol, bound only by programs that were linked against it. */
const HIDDEN = 0x8000

/**
 * A table of `Elf64_Sym` (gABI chapter 4), read in place: an object per symbol would cost more than all the rest.
 * Indices run from 0 to below `count`.
 */
export class SymbolTable {
  static readonly empty = new SymbolTable(new Uint8Array(0), StringTable.empty)

  readonly count: number
  readonly strings: StringTable
  readonly #view: DataView
  readonly #versions: DataView | undefined

  /** `versions`: the bytes of .gnu.version, one 16-bit word a symbol. */
  constructor(bytes: Uint8Array, strings: StringTable, versions?: Uint8Array) {
    this.count = Math.floor(bytes.length / SIZE)
    this.strings = strings
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#versions = versions && new DataView(versions.buffer, versions.byteOffset, versions.byteLength)
  }

  type(index: number): number {
    return this.#view.getUint8(index * SIZE + 4) & 15
  }

  binding(index: number): number {
    return this.#view.getUint8(index * SIZE + 4) >> 4
  }

  sectionIndex(index: number): number {
    return this.#view.getUint16(index * SIZE + 6, true)
  }

  /** `st_value`; beyond 2^53 it is inexact, and far outside of every segment either way. */
  value(index: number): number {
    const at = index * SIZE + 8
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32
  }

  size(index: number): number {
    const at = index * SIZE + 16
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32
  }

  /** The name as the file has it, with a version if it is in there. */
  rawName(index: number): string {
    return this.strings.at(this.#view.getUint32(index * SIZE, true))
  }

  /** Has a name that a person gave: compilers and annobin begin theirs with a dot. */
  hasPlainName(index: number): boolean {
    const first = this.strings.byteAt(this.#view.getUint32(index * SIZE, true))
    return first !== 0 && first !== 0x2e
  }

  /** The name without its version: .symtab writes it into the name (`f@@V`), .dynsym keeps it in .gnu.version. */
  name(index: number): string {
    const raw = this.rawName(index)
    const at = raw.indexOf('@', 1)
    return at > 0 ? raw.slice(0, at) : raw
  }

  /** False for a version that new programs do not bind: `memcpy@GLIBC_2.2.5` beside `memcpy@@GLIBC_2.14`. */
  isDefaultVersion(index: number): boolean {
    if (this.#hidden(index)) return false
    const raw = this.rawName(index)
    const at = raw.indexOf('@', 1)
    return at < 0 || raw[at + 1] === '@'
  }

  /** `name(index) === name` for a name in UTF-8, without making a string. */
  isNamed(index: number, name: Uint8Array): boolean {
    return this.strings.holds(this.#view.getUint32(index * SIZE, true), name)
  }

  #hidden(index: number): boolean {
    const versions = this.#versions
    if (versions === undefined || index * 2 + 2 > versions.byteLength) return false
    return (versions.getUint16(index * 2, true) & HIDDEN) !== 0
  }
}
