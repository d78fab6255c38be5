import type { BinaryOperatorText, ExpressionNode, StatementNode, VariableNode } from './ast.js'
import { parseBody } from './parse-block.js'
import { parseExpression } from './parse-expression.js'
import { parseFor, parseUnroll, parseWhile } from './parse-loop.js'
import { parseType } from './parse-type.js'
import type { TokenStream } from './token-stream.js'

/** `closed`: whether it ends in a semicolon or a block, so that it is no value of the block around it. */
export interface ParsedStatement {
  readonly statement: StatementNode
  readonly closed: boolean
}

const keywords: Readonly<Record<string, (stream: TokenStream) => StatementNode>> = {
  if: parseIf,
  while: parseWhile,
  for: parseFor,
  unroll: parseUnroll,
}

export function parseStatement(stream: TokenStream): ParsedStatement | undefined {
  if (stream.take(';')) return undefined
  const { kind, text } = stream.peek()
  const parseCompound = kind === 'identifier' && Object.hasOwn(keywords, text) ? keywords[text] : undefined
  if (parseCompound !== undefined) {
    const statement = stream.deeper(
      () => parseCompound(stream),
      () => undefined,
    )
    return statement === undefined ? undefined : { statement, closed: true }
  }
  const statement = parseSimple(stream)
  const isBlock = statement.kind === 'expression' && statement.value.kind === 'block'
  const closed = stream.take(';')
  if (!closed && !stream.at('}') && !isBlock) stream.expect(';', 'between two statements')
  return { statement, closed: closed || (isBlock && !stream.at('}')) }
}

function parseSimple(stream: TokenStream): StatementNode {
  const { start } = stream.peek().span
  if (stream.at('let')) return parseLet(stream)
  if (stream.at('break') || stream.at('continue')) {
    const to = stream.next().text === 'break' ? 'break' : 'continue'
    return { kind: 'jump', to, span: { start, end: stream.lastEnd } }
  }
  if (stream.take('return')) {
    const value = stream.at(';') || stream.at('}') ? undefined : parseExpression(stream)
    return { kind: 'return', value, span: { start, end: stream.lastEnd } }
  }
  if (stream.at('_') && stream.at('=', 1)) {
    stream.next()
    stream.next()
    const value = parseExpression(stream)
    return { kind: 'discard', value, span: { start, end: stream.lastEnd } }
  }
  return parseAssignment(stream)
}

const compound: readonly string[] = ['<<=', '>>=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=']

function parseAssignment(stream: TokenStream): StatementNode {
  const target = parseExpression(stream)
  const { start } = target.span
  const operator = compound.find((candidate) => stream.at(candidate))
  if (operator === undefined && !stream.at('='))
    return { kind: 'expression', value: target, span: { start, end: stream.lastEnd } }
  if (target.kind !== 'variable' && target.kind !== 'map') {
    stream.fail(...notAssignable(target))
    return { kind: 'expression', value: target, span: target.span }
  }
  stream.next()
  const value = parseExpression(stream)
  return { kind: 'assign', target, operator: binaryOf(operator), value, span: { start, end: stream.lastEnd } }
}

function notAssignable(target: ExpressionNode): [string, string | undefined, ExpressionNode['span']] {
  if (target.kind === 'tuple-member')
    return [
      'Tuples are immutable once created. Consider creating a new tuple and assigning it instead.',
      undefined,
      target.span,
    ]
  return ['only variables ($x) and maps (@x) can be assigned to', undefined, target.span]
}

const binaryOperators: Readonly<Record<string, BinaryOperatorText>> = {
  '<<=': '<<',
  '>>=': '>>',
  '+=': '+',
  '-=': '-',
  '*=': '*',
  '/=': '/',
  '%=': '%',
  '&=': '&',
  '|=': '|',
  '^=': '^',
}

function binaryOf(operator: string | undefined): BinaryOperatorText | undefined {
  return operator === undefined ? undefined : binaryOperators[operator]
}

function parseLet(stream: TokenStream): StatementNode {
  const { start } = stream.next().span
  const variable = parseVariable(stream)
  const type = stream.take(':') ? parseType(stream) : undefined
  const value = stream.take('=') ? parseExpression(stream) : undefined
  return { kind: 'declare', variable, type, value, span: { start, end: stream.lastEnd } }
}

export function parseVariable(stream: TokenStream): VariableNode {
  const { kind, text, span } = stream.peek()
  if (kind === 'variable') stream.next()
  else
    stream.fail(
      'a variable ($x) is missing here',
      kind === 'map' ? 'maps are declared outside of probes: let @x = hash(100);' : undefined,
    )
  return { kind: 'variable', name: text, span }
}

function parseIf(stream: TokenStream): StatementNode {
  const { start } = stream.next().span
  const condition = parseExpression(stream)
  const then = parseBody(stream)
  const otherwise = stream.take('else') ? parseElse(stream) : []
  return { kind: 'if', condition, consequent: then, alternative: otherwise, span: { start, end: stream.lastEnd } }
}

function parseElse(stream: TokenStream): StatementNode[] {
  return stream.at('if')
    ? stream.deeper(
        () => [parseIf(stream)],
        () => [],
      )
    : parseBody(stream)
}
