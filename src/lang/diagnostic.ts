import type { Span } from '../ir/statement.js'
import type { SourceText } from './source-text.js'

/** Something to say about a script. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly span: Span
  readonly message: string
  /** What to write instead. */
  readonly hint?: string
}

/** Collects diagnostics; the same one at the same place is kept once. */
export class Diagnostics {
  readonly #found = new Map<string, Diagnostic>()

  error(span: Span, message: string, hint?: string): void {
    this.#add({ severity: 'error', span, message, ...(hint === undefined ? {} : { hint }) })
  }

  warning(span: Span, message: string, hint?: string): void {
    this.#add({ severity: 'warning', span, message, ...(hint === undefined ? {} : { hint }) })
  }

  get hasErrors(): boolean {
    return [...this.#found.values()].some(({ severity }) => severity === 'error')
  }

  /** In the order of the script. */
  get all(): Diagnostic[] {
    return [...this.#found.values()].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end)
  }

  copyTo(other: Diagnostics): void {
    for (const diagnostic of this.#found.values()) other.#add(diagnostic)
  }

  #add(diagnostic: Diagnostic): void {
    const { severity, span, message } = diagnostic
    const key = `${severity} ${span.start} ${span.end} ${message}`
    if (!this.#found.has(key)) this.#found.set(key, diagnostic)
  }
}

/**
 * A diagnostic as bpftrace writes it: `stdin:1:9-15: ERROR: message`, the line, a row of `~` below the span, and the hint. Ends in a
 * line feed.
 */
export function diagnosticText(source: SourceText, { severity, span, message, hint }: Diagnostic): string {
  const label = severity === 'error' ? 'ERROR' : 'WARNING'
  const lines = [`${source.placeOf(span)}: ${label}: ${message}`, ...markedLine(source, span)]
  if (hint !== undefined) lines.push(`HINT: ${hint}`)
  return `${lines.map(printable).join('\n')}\n`
}

function markedLine(source: SourceText, { start, end }: Span): string[] {
  const from = source.positionOf(start)
  const to = source.positionOf(end)
  const line = source.line(from.line)
  if (from.line !== to.line) return [line]
  const indent = line.slice(0, from.column - 1).replace(/[^\t]/g, ' ')
  return [line, `${indent}${'~'.repeat(Math.max(1, to.column - from.column))}`]
}

/** A script may hold anything; a terminal should not obey it. */
function printable(line: string): string {
  return Array.from(line, (character) =>
    (character < ' ' && character !== '\t') || character === '\x7f' ? '?' : character,
  ).join('')
}
