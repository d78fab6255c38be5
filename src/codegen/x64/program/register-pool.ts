import type { Register } from '../assembler.js'

/** Registers that hold values while others are computed. */
export class RegisterPool {
  #free: Register[]

  /** In order of preference. */
  constructor(registers: readonly Register[]) {
    this.#free = [...registers]
  }

  get free(): number {
    return this.#free.length
  }

  /** Those that are free now, for code that is emitted later but runs here. */
  get available(): readonly Register[] {
    return [...this.#free]
  }

  /** Runs `body` with no other registers than these. */
  during(available: readonly Register[], body: () => void): void {
    const before = this.#free
    this.#free = [...available]
    body()
    this.#free = before
  }

  take(): Register | undefined {
    return this.#free.shift()
  }

  /** A register that is taken and given back stays the preferred one. */
  give(register: Register): void {
    this.#free.unshift(register)
  }
}
