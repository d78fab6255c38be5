import type { BinaryOperatorText, ExpressionNode, UnaryOperatorText } from './ast.js'
import { parsePostfix } from './parse-postfix.js'
import { atType, parseType } from './parse-type.js'
import type { TokenStream } from './token-stream.js'

/** C's precedences, loosest first. */
const levels: readonly (readonly BinaryOperatorText[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
]

/** Operators of one level in a row: their tree is as deep as they are many. */
const MAX_CHAIN = 500

export function parseExpression(stream: TokenStream): ExpressionNode {
  return stream.deeper(
    () => parseTernary(stream),
    () => invalid(stream),
  )
}

export function invalid(stream: TokenStream): ExpressionNode {
  return { kind: 'invalid', span: stream.peek().span }
}

function parseTernary(stream: TokenStream): ExpressionNode {
  const condition = parseBinary(stream, 0)
  if (!stream.take('?')) return condition
  const then = parseExpression(stream)
  stream.expect(':', 'of the ternary operator')
  const otherwise = parseExpression(stream)
  return { kind: 'ternary', condition, consequent: then, alternative: otherwise, span: spanFrom(condition, stream) }
}

function parseBinary(stream: TokenStream, level: number): ExpressionNode {
  const operators = levels[level]
  if (operators === undefined) return parseUnary(stream)
  let left = parseBinary(stream, level + 1)
  for (let length = 0; ; length++) {
    const operator = stream.atPredicateEnd() ? undefined : operators.find((candidate) => stream.at(candidate))
    if (operator === undefined) return left
    if (length === MAX_CHAIN) stream.fail(`more than ${MAX_CHAIN} operators in a row`)
    const operatorSpan = stream.next().span
    const right = parseBinary(stream, level + 1)
    left = { kind: 'binary', operator, left, right, operatorSpan, span: spanFrom(left, stream) }
  }
}

const unaryOperators: readonly UnaryOperatorText[] = ['-', '!', '~', '*', '&']

function parseUnary(stream: TokenStream): ExpressionNode {
  return stream.deeper(
    () => parsePrefix(stream),
    () => invalid(stream),
  )
}

function parsePrefix(stream: TokenStream): ExpressionNode {
  const { start } = stream.peek().span
  if (stream.at('++') || stream.at('--')) return parsePrefixIncrement(stream)
  const operator = unaryOperators.find((candidate) => stream.at(candidate))
  if (operator !== undefined) {
    stream.next()
    const operand = parseUnary(stream)
    return { kind: 'unary', operator, operand, span: { start, end: stream.lastEnd } }
  }
  if (stream.at('(') && atType(stream, 1)) return parseCast(stream)
  return parsePostfix(stream)
}

function parseCast(stream: TokenStream): ExpressionNode {
  const { start } = stream.next().span
  const type = parseType(stream)
  stream.expect(')', 'behind the type')
  const value = parseUnary(stream)
  return { kind: 'cast', type, value, span: { start, end: stream.lastEnd } }
}

function parsePrefixIncrement(stream: TokenStream): ExpressionNode {
  const { text, span } = stream.next()
  const target = parsePostfix(stream)
  if (target.kind !== 'variable' && target.kind !== 'map') {
    stream.fail(`The ${text} operator must be applied to a map or variable`, undefined, target.span)
    return invalid(stream)
  }
  const operator = text === '++' ? '++' : '--'
  return { kind: 'increment', target, operator, prefix: true, span: { start: span.start, end: stream.lastEnd } }
}

function spanFrom(first: ExpressionNode, stream: TokenStream): { start: number; end: number } {
  return { start: first.span.start, end: stream.lastEnd }
}
