import type { Span } from '../../ir/statement.js'
import type { Diagnostics } from '../diagnostic.js'
import { tokenAt } from './lexer.js'
import type { Token } from './token.js'

/** Deeper than anybody writes, and far from what the stack of JavaScript holds. */
const MAX_DEPTH = 150

/**
 * The tokens of a script, read on demand: probe names have another lexical grammar than programs. After a syntax error the stream
 * shows `end` until `resume`, so every loop of the parser ends, and one mistake makes one message.
 */
export class TokenStream {
  #offset = 0
  #lastEnd = 0
  #ahead: Token[] = []
  #failed = false
  #depth = 0

  constructor(
    readonly text: string,
    readonly diagnostics: Diagnostics,
    /** Whether a `/` before `{` ends a predicate here. */
    private inPredicate = false,
  ) {}

  get failed(): boolean {
    return this.#failed
  }

  /** Where the last token taken ends. */
  get lastEnd(): number {
    return this.#lastEnd
  }

  /** Where the next token begins; after an error too. */
  get position(): number {
    return this.#token(0).span.start
  }

  peek(distance = 0): Token {
    if (!this.#failed) return this.#token(distance)
    const { start } = this.#token(0).span
    return { kind: 'end', text: '', span: { start, end: start } }
  }

  next(): Token {
    const token = this.peek()
    if (!this.#failed) this.#skip()
    return token
  }

  /** Whether the next token is this word or sign; strings and numbers never are. */
  at(text: string, distance = 0): boolean {
    const token = this.peek(distance)
    return token.text === text && (token.kind === 'punctuation' || token.kind === 'identifier')
  }

  atEnd(): boolean {
    return this.peek().kind === 'end'
  }

  /** Takes the next token if it is this one. */
  take(text: string): boolean {
    const found = this.at(text)
    if (found) this.next()
    return found
  }

  expect(text: string, where: string): void {
    if (!this.take(text)) this.fail(`syntax error, unexpected ${describe(this.peek())}, expecting ${text} ${where}`)
  }

  /** A syntax error at the next token. */
  fail(message: string, hint?: string, span?: Span): void {
    if (this.#failed) return
    const token = this.#token(0)
    // What the lexer could not read has its message already.
    if (token.kind !== 'invalid') this.diagnostics.error(span ?? token.span, message, hint)
    this.#failed = true
  }

  /** After an error: goes on behind the next `;` of this level, or before the `}` that closes it. */
  resume(): void {
    this.#failed = false
    let depth = 0
    for (;;) {
      const { kind, text } = this.#token(0)
      if (kind === 'end' || (text === '}' && depth === 0)) return
      this.#skip()
      if (text === '{') depth++
      if (text === '}' && --depth === 0) return
      if (text === ';' && depth === 0) return
    }
  }

  /** After an error at the top level: goes on behind the next block. */
  resumeBehindBlock(): void {
    this.#failed = false
    let depth = 0
    for (;;) {
      const { kind, text } = this.#token(0)
      if (kind === 'end') return
      this.#skip()
      if (text === '{') depth++
      if (text === '}' && --depth <= 0) return
    }
  }

  /** Sets the place to read from. */
  seek(offset: number): void {
    this.#offset = offset
    this.#lastEnd = offset
    this.#ahead = []
  }

  /** Runs a parser one level deeper; `otherwise` where that is too deep. */
  deeper<T>(parse: () => T, otherwise: () => T): T {
    if (this.#depth >= MAX_DEPTH) {
      this.fail(`nested more than ${MAX_DEPTH} levels deep`)
      return otherwise()
    }
    this.#depth++
    const parsed = parse()
    this.#depth--
    return parsed
  }

  predicate<T>(parse: () => T): T {
    this.inPredicate = true
    const parsed = parse()
    this.inPredicate = false
    return parsed
  }

  /** Between parentheses or brackets no predicate can end. */
  bracketed<T>(parse: () => T): T {
    const { inPredicate } = this
    this.inPredicate = false
    const parsed = parse()
    this.inPredicate = inPredicate
    return parsed
  }

  /** Whether the next token closes a predicate. */
  atPredicateEnd(): boolean {
    return this.inPredicate && this.at('/') && (this.at('{', 1) || this.peek(1).kind === 'end')
  }

  #token(distance: number): Token {
    while (this.#ahead.length <= distance) {
      const from = this.#ahead.at(-1)?.span.end ?? this.#offset
      this.#ahead.push(tokenAt(this.text, from, this.diagnostics))
    }
    const token = this.#ahead[distance]
    if (token === undefined) throw new RangeError('no such token')
    return token
  }

  #skip(): void {
    const token = this.#token(0)
    if (token.kind === 'end') return
    this.#ahead.shift()
    this.#offset = token.span.end
    this.#lastEnd = token.span.end
  }
}

export function describe({ kind, text }: Token): string {
  return kind === 'end' ? 'end of file' : kind === 'string' ? `string ${text}` : text
}
