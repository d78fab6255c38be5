import { isAscii } from 'node:buffer'

/** Longer names are cut: a hostile table can name a million symbols with one endless string. */
const MAX_NAME = 1 << 12

const AT_SIGN = 0x40

/** NUL-terminated UTF-8 strings, referred to by offset (gABI chapter 4, "String Table"). */
export class StringTable {
  static readonly empty = new StringTable(new Uint8Array(0))

  readonly #bytes: Buffer
  #prepared = false
  /** The whole table, where names can be cut out of it. */
  #text: string | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes. */
  get size(): number {
    return this.#bytes.length
  }

  /** The string at `offset`; empty when there is none. */
  at(offset: number): string {
    if (!(offset >= 0 && offset < this.#bytes.length)) return ''
    const text = this.#text
    if (text === undefined) return this.#decode(offset)
    const nul = text.indexOf('\0', offset)
    if (nul >= 0 && nul - offset <= MAX_NAME) return text.slice(offset, nul)
    // Only a search with a bound is safe in such a table.
    this.#text = undefined
    return this.#decode(offset)
  }

  /** First byte of the string at `offset`; 0 when it is empty. */
  byteAt(offset: number): number {
    return this.#bytes[offset] ?? 0
  }

  /** True when the string at `offset` is `wanted`, or `wanted` with a version (`@`) behind it. */
  holds(offset: number, wanted: Uint8Array): boolean {
    const length = wanted.length
    for (let i = 0; i < length; i++) {
      if (this.#bytes[offset + i] !== wanted[i]) return false
    }
    const next = this.#bytes[offset + length]
    return next === 0 || next === AT_SIGN
  }

  /** Worth it before thousands of look-ups: one string for the whole table, of which names are cheap slices. */
  prepareForMany(): void {
    if (this.#prepared) return
    this.#prepared = true
    // Latin-1 and UTF-8 agree on ASCII only.
    if (isAscii(this.#bytes)) this.#text = this.#bytes.toString('latin1')
  }

  #decode(offset: number): string {
    const longest = this.#bytes.subarray(offset, offset + MAX_NAME)
    const nul = longest.indexOf(0)
    return longest.toString('utf8', 0, nul < 0 ? longest.length : nul)
  }
}
