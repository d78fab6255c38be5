import { type Address, offsetBy } from '../bytes/address.js'
import { KernelError } from '../kernel/kernel-error.js'
import type { ProgramData } from '../probe/program-plan.js'
import { CONTROL, type ProgramLayout } from '../store/program-layout.js'
import type { Memory } from '../target/memory.js'

/** The data of a program: in the target as long as it is there, then a copy. */
export class TargetData implements ProgramData {
  readonly #copy: Buffer
  #isGone = false

  constructor(
    private readonly memory: Memory,
    private readonly start: Address,
    readonly layout: ProgramLayout,
    head: Uint8Array,
  ) {
    // Rings are not kept: what they hold is taken out of them while they are there.
    this.#copy = Buffer.alloc(layout.ringsOffset)
    this.#copy.set(head)
  }

  get isGone(): boolean {
    return this.#isGone
  }

  read(offset: number, length: number): Buffer {
    const bytes = this.#whileThere(() => this.memory.read(offsetBy(this.start, offset), length))
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
    const bytes = this.#whileThere(() => this.memory.read(this.start, this.layout.ringsOffset))
    if (bytes !== undefined) this.#copy.set(bytes)
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
  }
}
