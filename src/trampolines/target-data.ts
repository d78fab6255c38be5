import { type Address, offsetBy } from '../bytes/address.js'
import { KernelError } from '../kernel/kernel-error.js'
import type { ProgramData } from '../probe/program-plan.js'
import { CONTROL, type ProgramLayout, slotOffset } from '../store/program-layout.js'
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
    this.#whileThere(() => {
      const { directoryOffset, slots, slotsOffset, slotShift, slotBytes, ringsOffset } = this.layout
      this.#keepRange(0, slotsOffset)
      const used = this.#copy.subarray(directoryOffset, directoryOffset + slots)
      for (const [slot, isUsed] of used.entries())
        if (isUsed !== 0) this.#keepRange(slotOffset(this.layout, slot), slotBytes)
      const tables = slotsOffset + slots * 2 ** slotShift
      this.#keepRange(tables, ringsOffset - tables)
    })
  }

  #keepRange(offset: number, length: number): void {
    this.#copy.set(this.memory.read(offsetBy(this.start, offset), length), offset)
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
