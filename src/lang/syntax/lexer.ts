import type { Diagnostics } from '../diagnostic.js'
import { parseNumber } from './number-literal.js'
import { parseString } from './string-literal.js'
import type { Token, TokenKind } from './token.js'

/** Longest first, so that `<<=` is not read as `<`. */
const punctuation =
  '<<= >>= ++ -- += -= *= /= %= &= |= ^= == != <= >= << >> && || -> .. + - * / % & | ^ ~ ! < > = ? : ; , . ( ) { } [ ]'.split(
    ' ',
  )

const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['parameter', /\$(?:\d+|#)/y],
  ['variable', /\$[A-Za-z_]\w*/y],
  ['map', /@(?:[A-Za-z_]\w*)?/y],
  ['integer', /\d\w*/y],
  ['identifier', /[A-Za-z_]\w*/y],
  ['directive', /#[^\n]*/y],
]

/** Reads the token at or behind an offset, comments and white space skipped. */
export function tokenAt(text: string, offset: number, diagnostics: Diagnostics): Token {
  const start = skipBlank(text, offset, diagnostics)
  if (start >= text.length) return { kind: 'end', text: '', span: { start: text.length, end: text.length } }
  if (text[start] === '"') return stringToken(text, start, diagnostics)
  for (const [kind, pattern] of patterns) {
    const found = matchAt(pattern, text, start)
    if (found !== undefined)
      return kind === 'integer' ? integerToken(found, start, diagnostics) : token(kind, found, start)
  }
  const sign = punctuation.find((candidate) => text.startsWith(candidate, start))
  if (sign !== undefined) return token('punctuation', sign, start)
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  diagnostics.error({ start, end: start + character.length }, `invalid character '${character}'`)
  return token('invalid', character, start)
}

/** The offset of the next character that is neither white space nor comment. */
export function skipBlank(text: string, offset: number, diagnostics: Diagnostics): number {
  let at = offset
  for (;;) {
    const blank = matchAt(/(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y, text, at)
    at += blank?.length ?? 0
    if (!text.startsWith('/*', at)) return at
    diagnostics.error({ start: at, end: at + 2 }, 'the comment is not closed')
    at = text.length
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function token(kind: TokenKind, text: string, start: number): Token {
  return { kind, text, span: { start, end: start + text.length } }
}

function integerToken(text: string, start: number, diagnostics: Diagnostics): Token {
  const value = parseNumber(text)
  const plain = token('integer', text, start)
  if (typeof value === 'bigint') return { ...plain, value }
  diagnostics.error(plain.span, value)
  return { ...plain, value: 0n }
}

function stringToken(text: string, start: number, diagnostics: Diagnostics): Token {
  const { value, end, problem } = parseString(text, start)
  if (problem !== undefined) diagnostics.error(problem, problem.message)
  return { kind: 'string', text: text.slice(start, end), span: { start, end }, value }
}
