import { liveCountLines, type TableStyle } from '../outputs/text/count-text.js'
import type { CountTable } from '../record/counts-record.js'
import type { TextSink } from './host.js'

/** A table that is redrawn in place, with nothing but cursor movement. */
export class LiveTable implements Disposable {
  #lines = 0

  constructor(
    private readonly sink: TextSink,
    private readonly title: string,
    private readonly style: TableStyle,
  ) {}

  draw(table: CountTable): void {
    const { columns, rows } = this.sink
    const lines = liveCountLines(table, this.title, { columns, rows }, this.style)
    // Each line is overwritten and the rest of it erased: clearing first would flicker.
    this.sink.write(`${this.#home()}${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`)
    this.#lines = lines.length
  }

  /** Takes the table away. */
  [Symbol.dispose](): void {
    if (this.#lines > 0) this.sink.write(`${this.#home()}\x1b[J`)
    this.#lines = 0
  }

  #home(): string {
    return this.#lines === 0 ? '' : `\r\x1b[${this.#lines}A`
  }
}
