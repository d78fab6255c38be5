import type { StatementNode } from './ast.js'
import { parseBody } from './parse-block.js'
import { parseExpression } from './parse-expression.js'
import { parseMap } from './parse-primary.js'
import { parseVariable } from './parse-statement.js'
import type { TokenStream } from './token-stream.js'

export function parseWhile(stream: TokenStream): StatementNode {
  const { start } = stream.next().span
  const condition = parseExpression(stream)
  const body = parseBody(stream)
  return { kind: 'while', condition, body, span: { start, end: stream.lastEnd } }
}

export function parseUnroll(stream: TokenStream): StatementNode {
  const { start } = stream.next().span
  stream.expect('(', 'behind unroll')
  const count = parseExpression(stream)
  stream.expect(')', 'behind the count')
  const { lastEnd } = stream
  const body = parseBody(stream)
  return { kind: 'unroll', count, body, span: { start, end: lastEnd } }
}

/** `for ($kv : @map) {…}` and `for ($i : 0..10) {…}`; the parentheses may be left out. */
export function parseFor(stream: TokenStream): StatementNode {
  const { start } = stream.next().span
  const bracketed = stream.take('(')
  const variable = parseVariable(stream)
  stream.expect(':', 'between the variable and what it goes through')
  if (stream.peek().kind === 'map' && !rangeFollows(stream)) {
    const map = parseMap(stream)
    if (bracketed) stream.expect(')', 'behind the map')
    const body = parseBody(stream)
    return { kind: 'for-map', variable, map, body, span: { start, end: stream.lastEnd } }
  }
  const from = parseExpression(stream)
  stream.expect('..', 'between the bounds of the range')
  const to = parseExpression(stream)
  if (bracketed) stream.expect(')', 'behind the range')
  const body = parseBody(stream)
  return { kind: 'for-range', variable, from, to, body, span: { start, end: stream.lastEnd } }
}

/** Whether a `..` comes before the loop's body. */
function rangeFollows(stream: TokenStream): boolean {
  for (let distance = 0; distance < 100; distance++) {
    if (stream.at('..', distance)) return true
    if (stream.at('{', distance) || stream.peek(distance).kind === 'end') return false
  }
  return false
}
