/**
 * What is read is not what it claims to be: truncated, or a count, offset or size that cannot be.
 * Thrown by parsers of hostile input; each parser catches it in one place and returns a refusal.
 */
export class MalformedInput extends Error {
  override readonly name = 'MalformedInput'
}

/** Reads little-endian values from `[start, end)` of a byte array, and never outside of it. */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly end: number
  #offset: number
  readonly #view: DataView

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new MalformedInput(`range ${start}..${end} lies outside of ${bytes.length} bytes`)
    }
    this.bytes = bytes
    this.end = end
    this.#offset = start
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Position of the next value, counted from the beginning of the array, not of the range. */
  get offset(): number {
    return this.#offset
  }

  get remaining(): number {
    return this.end - this.#offset
  }

  seek(offset: number): void {
    if (!(offset >= 0 && offset <= this.end)) {
      throw new MalformedInput(`offset ${offset} lies outside of ${this.end} bytes`)
    }
    this.#offset = offset
  }

  skip(length: number): void {
    this.#take(length)
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true)
  }

  /** A 64-bit value that must be a safe integer: an address, offset or size of a module. */
  u64(): number {
    const at = this.#take(8)
    const value = this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32
    if (value > Number.MAX_SAFE_INTEGER) throw new MalformedInput(`64-bit value at ${at} is too large`)
    return value
  }

  /** A signed 64-bit value that must be a safe integer. */
  i64(): number {
    const at = this.#take(8)
    const value = this.#view.getUint32(at, true) + this.#view.getInt32(at + 4, true) * 2 ** 32
    if (!Number.isSafeInteger(value)) throw new MalformedInput(`64-bit value at ${at} is too large`)
    return value
  }

  /** Unsigned LEB128 (DWARF 5, section 7.6). */
  uleb(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (value > Number.MAX_SAFE_INTEGER || scale > 2 ** 63) {
        throw new MalformedInput(`LEB128 before ${this.#offset} is too large`)
      }
      if (byte < 0x80) return value
    }
  }

  /** Signed LEB128 (DWARF 5, section 7.6). */
  sleb(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (scale > 2 ** 49) throw new MalformedInput(`LEB128 before ${this.#offset} is too large`)
      if (byte < 0x80) return (byte & 0x40) !== 0 ? value - scale * 128 : value
    }
  }

  /** Bytes up to a NUL as Latin-1; the reader stands behind the NUL afterwards. */
  cstring(): string {
    const window = this.bytes.subarray(this.#offset, Math.min(this.end, this.#offset + MAX_CSTRING))
    const length = window.indexOf(0)
    if (length < 0) throw new MalformedInput(`string at ${this.#offset} does not end`)
    this.#offset += length + 1
    return String.fromCharCode(...window.subarray(0, length))
  }

  slice(length: number): Uint8Array {
    const at = this.#take(length)
    return this.bytes.subarray(at, at + length)
  }

  #take(length: number): number {
    const at = this.#offset
    // A negated comparison, so that NaN fails too.
    if (!(length >= 0 && length <= this.end - at)) {
      throw new MalformedInput(`${length} bytes at ${at} reach beyond the end at ${this.end}`)
    }
    this.#offset = at + length
    return at
  }
}

/** Far above what structures hold (symbol names are read elsewhere); a bound on the search for the NUL. */
const MAX_CSTRING = 4096
