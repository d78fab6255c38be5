/** The code ranges that have unwind information, in columns sorted by start. Link-time addresses. */
export interface FrameTable {
  readonly count: number
  readonly starts: Float64Array
  /** First address behind each range. */
  readonly ends: Float64Array
  /** Address of each range's language-specific data area; 0 for none. */
  readonly lsdas: Float64Array
}

/** Collects ranges in any order. */
export class FrameTableBuilder {
  #starts: number[] = []
  #ends: number[] = []
  #lsdas: number[] = []

  add(start: number, end: number, lsda: number): void {
    this.#starts.push(start)
    this.#ends.push(end)
    this.#lsdas.push(lsda)
  }

  build(): FrameTable {
    const order = this.#order()
    const pick = (column: readonly number[]) => Float64Array.from(order, (row) => column[row] ?? 0)
    return { count: order.length, starts: pick(this.#starts), ends: pick(this.#ends), lsdas: pick(this.#lsdas) }
  }

  #order(): Uint32Array {
    const starts = this.#starts
    const order = Uint32Array.from(starts, (_, row) => row)
    // Linkers keep .eh_frame in the order of the text, mostly: then there is nothing to sort.
    const sorted = starts.every((start, row) => row === 0 || start >= (starts[row - 1] ?? 0))
    return sorted ? order : order.sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || a - b)
  }
}
