import { type Address, offsetBy } from '../bytes/address.js'
import { KernelError } from '../kernel/kernel-error.js'
import type { ProgramData } from '../probe/program-plan.js'
import { CONTROL, type ProgramLayout } from '../store/program-layout.js'
import type { Memory } from '../target/memory.js'
import type { PageMap } from '../target/page-map.js'

/** Less is read as it is. */
const SPARSE_BYTES = 1 << 16

/** The data of a program: in the target as long as it is there, then a copy. */
export class TargetData implements ProgramData {
  readonly #copy: Buffer
  #isGone = false

  constructor(
    private readonly memory: Memory,
    private readonly start: Address,
    readonly layout: ProgramLayout,
    head: Uint8Array,
    /** Of the target's memory, where that can be had. */
    private pages: PageMap | undefined,
  ) {
    // Rings are not kept: what they hold is taken out of them while they are there.
    this.#copy = Buffer.alloc(layout.ringsOffset)
    this.#copy.set(head)
  }

  get isGone(): boolean {
    return this.#isGone
  }

  read(offset: number, length: number): Buffer {
    const bytes = this.#whileThere(() => this.#read(offset, length))
    if (bytes !== undefined) return bytes
    const kept = Buffer.alloc(length)
    this.#copy.copy(kept, 0, offset, offset + length)
    return kept
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#whileThere(() => this.memory.write(offsetBy(this.start, offset), bytes))
    if (this.#isGone) this.#copy.set(bytes, offset)
  }

  keep(): void {
    this.#whileThere(() => this.#readInto(this.#copy, 0))
  }

  #read(offset: number, length: number): Buffer {
    if (length < SPARSE_BYTES) return this.memory.read(offsetBy(this.start, offset), length)
    const bytes = Buffer.alloc(length)
    this.#readInto(bytes, offset)
    return bytes
  }

  /** Of a table, most pages may be untouched: these are not looked at, and are zero here, too. */
  #readInto(bytes: Buffer, offset: number): void {
    const start = offsetBy(this.start, offset)
    const whole = { start, size: bytes.length }
    for (const part of this.pages?.present(whole) ?? [whole]) {
      const at = Number(part.start - start)
      this.memory.readExactly(part.start, bytes.subarray(at, at + part.size))
    }
  }

  release(leaving: bigint): void {
    const word = Buffer.alloc(8)
    word.writeBigUInt64LE(leaving)
    this.write(CONTROL.released, word)
  }

  /** In the address space that the data was put into, which is not that of the process any more once it has called exec. */
  #whileThere<T>(work: () => T): T | undefined {
    if (this.#isGone) return undefined
    try {
      return work()
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      this.#isGone = true
      return undefined
    }
  }

  /** Nothing is read from the target any more. */
  leave(): void {
    this.#isGone = true
    this.pages?.[Symbol.dispose]()
    this.pages = undefined
  }
}
