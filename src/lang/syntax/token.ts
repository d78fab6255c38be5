import type { Span } from '../../ir/statement.js'

/** A word of the language. `text` is as written; a string's `value` has its escapes resolved. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly span: Span
  /** Of an integer or a string. */
  readonly value?: bigint | string
}

/** `variable` `$name` · `map` `@name` · `parameter` `$1` and `$#` · `punctuation` · `invalid`, about which a diagnostic tells. */
export type TokenKind =
  | 'identifier'
  | 'variable'
  | 'map'
  | 'parameter'
  | 'integer'
  | 'string'
  | 'punctuation'
  | 'directive'
  | 'invalid'
  | 'end'
