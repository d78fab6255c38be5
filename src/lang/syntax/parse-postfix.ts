import type { ExpressionNode } from './ast.js'
import { invalid, parseExpression } from './parse-expression.js'
import { parsePrimary } from './parse-primary.js'
import type { TokenStream } from './token-stream.js'

/** A primary expression with what stands behind it: `.name`, `->name`, `.0`, `[i]`, `++`. */
export function parsePostfix(stream: TokenStream): ExpressionNode {
  let value = parsePrimary(stream)
  // Each turn takes a token; the bound keeps the tree's depth in check.
  for (let length = 0; length < 200; length++) {
    if (stream.at('.') || stream.at('->')) value = parseMember(stream, value)
    else if (stream.at('[')) value = parseElement(stream, value)
    else if (stream.at('++') || stream.at('--')) value = parseIncrement(stream, value)
    else return value
  }
  stream.fail('too many members in a row')
  return value
}

function parseMember(stream: TokenStream, record: ExpressionNode): ExpressionNode {
  const arrow = stream.next().text === '->'
  const member = stream.peek()
  const { start } = record.span
  if (member.kind === 'integer' && !arrow) {
    stream.next()
    return { kind: 'tuple-member', tuple: record, index: Number(member.value), span: { start, end: stream.lastEnd } }
  }
  if (member.kind !== 'identifier') {
    stream.fail('the name of a field is missing')
    return invalid(stream)
  }
  stream.next()
  return { kind: 'member', record, name: member.text, arrow, span: { start, end: stream.lastEnd } }
}

function parseElement(stream: TokenStream, array: ExpressionNode): ExpressionNode {
  stream.next()
  const index = stream.bracketed(() => parseExpression(stream))
  stream.expect(']', 'behind the index')
  return { kind: 'element', array, index, span: { start: array.span.start, end: stream.lastEnd } }
}

function parseIncrement(stream: TokenStream, target: ExpressionNode): ExpressionNode {
  const { text } = stream.peek()
  if (target.kind !== 'variable' && target.kind !== 'map') {
    stream.fail(`The ${text} operator must be applied to a map or variable`, undefined, target.span)
    return invalid(stream)
  }
  stream.next()
  const operator = text === '++' ? '++' : '--'
  return { kind: 'increment', target, operator, prefix: false, span: { start: target.span.start, end: stream.lastEnd } }
}
