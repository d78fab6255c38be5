import { Decoder, DecoderOptions, Instruction } from './iced.js'

/**
 * Decodes instructions one after the other out of a run of bytes. Owns wasm memory: use with `using`.
 * `instruction` is one object that each `next()` overwrites.
 */
export class InstructionCursor {
  readonly instruction = new Instruction()
  readonly #decoder: Decoder
  readonly #start: bigint
  readonly #length: number
  #offset = 0
  #nextOffset = 0

  /** @param start address of the first byte, for relative operands. */
  constructor(bytes: Uint8Array, start: bigint | number) {
    this.#decoder = new Decoder(64, bytes, DecoderOptions.None)
    this.#start = BigInt(start)
    this.#length = bytes.length
    this.#decoder.ip = this.#start
  }

  /** Offset of the current instruction from the first byte. */
  get offset(): number {
    return this.#offset
  }

  /** Offset behind the current instruction. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /** Goes on from another offset. */
  seek(offset: number): void {
    this.#decoder.position = offset
    this.#decoder.ip = this.#start + BigInt(offset)
    this.#nextOffset = offset
  }

  /** Decodes the next instruction. False at the end of the bytes, or where they are no instruction. */
  next(): boolean {
    this.#offset = this.#nextOffset
    if (this.#offset >= this.#length) return false
    this.#decoder.decodeOut(this.instruction)
    if (this.instruction.isInvalid) return false
    this.#nextOffset = this.#offset + this.instruction.length
    return true
  }

  /** Where the current instruction's displacement begins, in bytes from its first byte. */
  displacementOffset(): number {
    const offsets = this.#decoder.getConstantOffsets(this.instruction)
    const offset = offsets.displacementOffset
    offsets.free()
    return offset
  }

  [Symbol.dispose](): void {
    this.instruction.free()
    this.#decoder.free()
  }
}
