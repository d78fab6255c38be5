import type { Span } from '../ir/statement.js'

/** A place in a script for people: line and column count from 1, columns in characters of the line. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A script and where its lines begin. */
export class SourceText {
  readonly #lineStarts: readonly number[]

  constructor(
    /** What messages call it: a file name, or `stdin`. */
    readonly name: string,
    readonly text: string,
  ) {
    this.#lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  }

  positionOf(offset: number): Position {
    const line = Math.max(1, this.#lineAt(offset))
    return { line, column: offset - (this.#lineStarts[line - 1] ?? 0) + 1 }
  }

  line(number: number): string {
    const start = this.#lineStarts[number - 1] ?? this.text.length
    return this.text.slice(start, this.#lineStarts[number] ?? this.text.length).replace(/\r?\n$/, '')
  }

  /** `stdin:1:9-15`, or `stdin:1-3` for a span of several lines. */
  placeOf({ start, end }: Span): string {
    const from = this.positionOf(start)
    const to = this.positionOf(end)
    if (from.line !== to.line) return `${this.name}:${from.line}-${to.line}`
    return `${this.name}:${from.line}:${from.column}-${Math.max(to.column, from.column + 1)}`
  }

  /** The number of the last line that begins at or before the offset. */
  #lineAt(offset: number): number {
    let low = 0
    let high = this.#lineStarts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
