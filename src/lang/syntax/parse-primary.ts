import type { ExpressionNode, MapNode, TupleNode, TypeName } from './ast.js'
import { parseBlock } from './parse-block.js'
import { invalid, parseExpression } from './parse-expression.js'
import { atType, parseType } from './parse-type.js'
import type { Token } from './token.js'
import { describe, type TokenStream } from './token-stream.js'

export function parsePrimary(stream: TokenStream): ExpressionNode {
  const token = stream.peek()
  switch (token.kind) {
    case 'integer':
      stream.next()
      return { kind: 'integer', value: typeof token.value === 'bigint' ? token.value : 0n, span: token.span }
    case 'string':
      return parseStrings(stream)
    case 'variable':
      stream.next()
      return { kind: 'variable', name: token.text, span: token.span }
    case 'map':
      return parseMap(stream)
    case 'parameter':
      stream.next()
      return { kind: 'parameter', index: token.text === '$#' ? 0 : Number(token.text.slice(1)), span: token.span }
    case 'identifier':
      return parseWord(stream, token)
    default:
      return parseBracketed(stream)
  }
}

/** Strings beside one another are one, as in C. */
function parseStrings(stream: TokenStream): ExpressionNode {
  const { start } = stream.peek().span
  let value = ''
  while (stream.peek().kind === 'string') value += String(stream.next().value)
  return { kind: 'string', value, span: { start, end: stream.lastEnd } }
}

/** `@`, `@name`, `@name[key, key]`. */
export function parseMap(stream: TokenStream): MapNode {
  const { text: name, span } = stream.next()
  if (!stream.take('[')) return { kind: 'map', name, key: undefined, span }
  const { start } = stream.peek().span
  const keys = parseList(stream, ']')
  const [first] = keys
  const keySpan = { start, end: stream.lastEnd }
  stream.expect(']', 'behind the key')
  const whole = { start: span.start, end: stream.lastEnd }
  if (first === undefined) return { kind: 'map', name, key: { kind: 'invalid', span: keySpan }, span: whole }
  const key: ExpressionNode = keys.length === 1 ? first : { kind: 'tuple', elements: keys, span: keySpan }
  return { kind: 'map', name, key, span: whole }
}

/** Expressions with commas between them, up to but without the closing sign. */
function parseList(stream: TokenStream, close: string): ExpressionNode[] {
  const list: ExpressionNode[] = []
  while (!stream.at(close) && !stream.atEnd()) {
    list.push(stream.bracketed(() => parseExpression(stream)))
    if (!stream.take(',')) break
  }
  if (close === ']' && list.length === 0) stream.fail('a key is missing')
  return list
}

function parseWord(stream: TokenStream, { text, span }: Token): ExpressionNode {
  stream.next()
  if (text === 'true' || text === 'false') return { kind: 'boolean', value: text === 'true', span }
  if (text === 'sizeof') return parseSizeof(stream, span.start)
  if (text === 'offsetof') return parseOffsetof(stream, span.start)
  if (!stream.at('(')) return { kind: 'identifier', name: text, span }
  stream.next()
  const list = parseList(stream, ')')
  stream.expect(')', `behind the arguments of ${text}`)
  return { kind: 'call', name: text, arguments: list, span: { start: span.start, end: stream.lastEnd } }
}

function parseSizeof(stream: TokenStream, start: number): ExpressionNode {
  stream.expect('(', 'behind sizeof')
  const of = parseTypeOrExpression(stream)
  stream.expect(')', 'behind sizeof')
  return { kind: 'sizeof', of, span: { start, end: stream.lastEnd } }
}

function parseOffsetof(stream: TokenStream, start: number): ExpressionNode {
  stream.expect('(', 'behind offsetof')
  const of = parseTypeOrExpression(stream)
  stream.expect(',', 'between the struct and the field')
  const path: string[] = []
  do path.push(stream.next().text)
  while (stream.take('.'))
  stream.expect(')', 'behind offsetof')
  return { kind: 'offsetof', of, path, span: { start, end: stream.lastEnd } }
}

function parseTypeOrExpression(stream: TokenStream): TypeName | ExpressionNode {
  return atType(stream) ? parseType(stream) : parseExpression(stream)
}

/** Parentheses, tuples and blocks. */
function parseBracketed(stream: TokenStream): ExpressionNode {
  const { start } = stream.peek().span
  if (stream.at('{')) return parseBlock(stream)
  if (!stream.take('(')) {
    stream.fail(`syntax error, unexpected ${describe(stream.peek())}`)
    return invalid(stream)
  }
  if (stream.at('=', 1)) return parseNamed(stream, start)
  const elements: ExpressionNode[] = []
  let isTuple = stream.at(')')
  while (!stream.at(')') && !stream.atEnd()) {
    elements.push(stream.bracketed(() => parseExpression(stream)))
    if (!stream.take(',')) break
    isTuple = true
  }
  stream.expect(')', 'to close the parenthesis')
  const [only] = elements
  const span = { start, end: stream.lastEnd }
  return isTuple || only === undefined ? { kind: 'tuple', elements, span } : only
}

/** A tuple whose elements have names, behind its opening parenthesis. */
function parseNamed(stream: TokenStream, start: number): TupleNode {
  const elements: ExpressionNode[] = []
  const names: string[] = []
  do {
    const name = stream.peek()
    if (name.kind !== 'identifier')
      stream.fail(`syntax error, unexpected ${describe(name)}, expecting the name of a field`)
    if (names.includes(name.text)) stream.fail(`there is a field named '${name.text}' already`)
    stream.next()
    stream.expect('=', `behind the name '${name.text}'`)
    names.push(name.text)
    elements.push(stream.bracketed(() => parseExpression(stream)))
  } while (stream.take(','))
  stream.expect(')', 'to close the parenthesis')
  return { kind: 'tuple', elements, names, span: { start, end: stream.lastEnd } }
}
