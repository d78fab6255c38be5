import { type Address, offsetBy } from '../bytes/address.js'
import type { ProgramData } from '../probe/program-plan.js'
import type { ProgramLayout } from '../store/program-layout.js'
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
    if (!this.#isGone) {
      const bytes = this.memory.tryRead(offsetBy(this.start, offset), length)
      if (bytes.length === length) return bytes
      this.#isGone = true
    }
    const kept = Buffer.alloc(length)
    this.#copy.copy(kept, 0, offset, offset + length)
    return kept
  }

  write(offset: number, bytes: Uint8Array): void {
    if (!this.#isGone && !this.memory.writeAsThread(offsetBy(this.start, offset), bytes)) this.#isGone = true
    if (this.#isGone) this.#copy.set(bytes, offset)
  }

  keep(): void {
    if (this.#isGone) return
    const bytes = this.memory.tryRead(this.start, this.layout.ringsOffset)
    if (bytes.length === this.layout.ringsOffset) this.#copy.set(bytes)
    else this.#isGone = true
  }

  /** Nothing is read from the target any more. */
  leave(): void {
    this.#isGone = true
  }
}
