/** Puts text together as bytes. */
export class TextWriter {
  #bytes = Buffer.allocUnsafe(FIRST_SIZE)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** All that has been written, which is forgotten here. */
  take(): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length)
    this.#length = 0
    return taken
  }

  write(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  writeText(text: string): void {
    this.#makeRoom(MAX_UTF8_BYTES * text.length)
    this.#length += this.#bytes.write(text, this.#length)
  }

  /** Bytes up to a zero, at most so many. */
  writeUntilNul(from: DataView, at: number, most: number): void {
    this.#makeRoom(most)
    for (let read = 0; read < most; read++) {
      const byte = from.getUint8(at + read)
      if (byte === 0) return
      this.#bytes[this.#length++] = byte
    }
  }

  /** A safe integer in decimal. */
  writeInteger(value: number): void {
    this.#makeRoom(MAX_DIGITS)
    if (value < 0) this.#bytes[this.#length++] = MINUS
    let left = Math.abs(value)
    let at = this.#length + digitsOf(left)
    this.#length = at
    // Beyond 31 bits the division is one of doubles, which costs ten times as much.
    for (; left > MAX_INT32; left = Math.floor(left / 10)) this.#bytes[--at] = ZERO + (left % 10)
    let small = left | 0
    do {
      const rest = (small / 10) | 0
      this.#bytes[--at] = ZERO + small - 10 * rest
      small = rest
    } while (small !== 0)
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#length + bytes))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

const FIRST_SIZE = 2 ** 16
const MAX_UTF8_BYTES = 3
/** Of 2^53, and a sign. */
const MAX_DIGITS = 17
const MAX_INT32 = 2 ** 31 - 1
const MINUS = 0x2d
const ZERO = 0x30

function digitsOf(value: number): number {
  let digits = 1
  for (let limit = 10; limit <= value; limit *= 10) digits++
  return digits
}
