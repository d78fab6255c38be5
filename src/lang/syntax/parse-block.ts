import type { BlockNode, StatementNode } from './ast.js'
import { parseStatement } from './parse-statement.js'
import type { TokenStream } from './token-stream.js'

/** `{ …; value }`: statements, and the value where the last expression has no semicolon. */
export function parseBlock(stream: TokenStream): BlockNode {
  const { start } = stream.peek().span
  stream.expect('{', 'to begin the block')
  const statements: StatementNode[] = []
  // Without its brace it is no block; whoever asked for it goes on behind the error.
  if (stream.failed) return { kind: 'block', statements, result: undefined, span: { start, end: stream.lastEnd } }
  let closed = true
  while (!stream.at('}') && !(stream.atEnd() && !stream.failed)) {
    const before = stream.position
    const parsed = parseStatement(stream)
    if (parsed !== undefined) statements.push(parsed.statement)
    closed = parsed?.closed ?? true
    if (stream.failed) stream.resume()
    // An error that took nothing would come again.
    if (stream.position === before && !stream.at('}')) stream.next()
  }
  stream.expect('}', 'at the end of the block')
  const span = { start, end: stream.lastEnd }
  const last = statements.at(-1)
  if (closed || last?.kind !== 'expression') return { kind: 'block', statements, result: undefined, span }
  return { kind: 'block', statements: statements.slice(0, -1), result: last.value, span }
}

/** A block of which the value does not matter. */
export function parseBody(stream: TokenStream): StatementNode[] {
  const { statements, result } = parseBlock(stream)
  return result === undefined
    ? [...statements]
    : [...statements, { kind: 'expression', value: result, span: result.span }]
}
