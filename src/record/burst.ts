import type { ProgramRecord } from './program-record.js'
import { TextWriter } from './text-writer.js'

/** A record of many texts: see ProgramRecord. */
export type Burst = Extract<ProgramRecord, { kind: 'burst' }>

/** Collects what printf says. */
export class BurstWriter {
  readonly text = new TextWriter()
  #ends: number[] = []

  get isEmpty(): boolean {
    return this.#ends.length === 0
  }

  /** What has been written since the last end is a text of its own. */
  end(): void {
    this.#ends.push(this.text.length)
  }

  /** What has been collected, which is forgotten here. */
  take(): Burst {
    const ends = Uint32Array.from(this.#ends)
    this.#ends = []
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
