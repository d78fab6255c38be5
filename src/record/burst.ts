import type { ProgramRecord } from './program-record.js'
import { TextWriter } from './text-writer.js'

/** A record of many texts: see ProgramRecord. */
export type Burst = Extract<ProgramRecord, { kind: 'burst' }>

const FIRST_ENDS = 1024

/** Collects what printf says. */
export class BurstWriter {
  readonly text = new TextWriter()
  #ends = new Uint32Array(FIRST_ENDS)
  #count = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** What has been written since the last end is a text of its own. */
  end(): void {
    if (this.#count === this.#ends.length) {
      const more = new Uint32Array(2 * this.#ends.length)
      more.set(this.#ends)
      this.#ends = more
    }
    this.#ends[this.#count++] = this.text.length
  }

  /** What has been collected, which is forgotten here. */
  take(): Burst {
    const ends = this.#ends.slice(0, this.#count)
    this.#count = 0
    return { kind: 'burst', text: this.text.take(), ends }
  }
}

export function* textsOf({ text, ends }: Burst): Generator<string> {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  let start = 0
  for (const end of ends) {
    yield bytes.toString('utf8', start, end)
    start = end
  }
}
