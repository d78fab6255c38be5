import { alignUp } from '../../../ir/layout.js'
import { RSP } from '../assembler.js'
import { type Memory, memory } from './operand.js'

/** What a handler keeps on the stack: offsets from rsp, in words. Taken and released like a stack. */
export class Frame {
  #used = 0
  #size = 0

  /** The most that was ever in use. */
  get size(): number {
    return this.#size
  }

  take(bytes: number): Memory {
    const at = this.#used
    this.#used += alignUp(bytes, 8)
    this.#size = Math.max(this.#size, this.#used)
    return memory(RSP, at)
  }

  get mark(): number {
    return this.#used
  }

  /** Runs `body` with everything in use up to a mark. */
  during(mark: number, body: () => void): void {
    const before = this.#used
    this.#used = mark
    body()
    this.#used = before
  }

  release(mark: number): void {
    this.#used = mark
  }
}
