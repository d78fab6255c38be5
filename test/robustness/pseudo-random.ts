/** Numbers in [0, 1) that a seed repeats. */
export class PseudoRandom {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  below(limit: number): number {
    return this.next() * limit
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.below(choices.length))]
    if (choice === undefined) throw new Error('nothing to choose from')
    return choice
  }
}
