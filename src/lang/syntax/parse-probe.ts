import type { AttachPointNode, ProbeNode } from './ast.js'
import { skipBlank } from './lexer.js'
import { parseBody } from './parse-block.js'
import { parseExpression } from './parse-expression.js'
import type { TokenStream } from './token-stream.js'

/** `probe, probe /predicate/ { … }`. */
export function parseProbe(stream: TokenStream, parameters: readonly string[]): ProbeNode {
  const start = stream.position
  const attachPoints = parseAttachPoints(stream, parameters)
  const predicate = stream.take('/') ? stream.predicate(() => parsePredicate(stream)) : undefined
  if (!stream.at('{'))
    stream.fail(
      stream.atEnd()
        ? 'unexpected end of file, expected {'
        : `syntax error, unexpected ${stream.peek().text}, expecting {`,
    )
  const body = parseBody(stream)
  return { kind: 'probe', attachPoints, predicate, body, span: { start, end: stream.lastEnd } }
}

function parsePredicate(stream: TokenStream): ReturnType<typeof parseExpression> {
  const predicate = parseExpression(stream)
  stream.expect('/', 'behind the predicate')
  return predicate
}

function parseAttachPoints(stream: TokenStream, parameters: readonly string[]): AttachPointNode[] {
  const points: AttachPointNode[] = []
  let at = stream.position
  for (;;) {
    const end = attachPointEnd(stream.text, at)
    const written = stream.text.slice(at, end)
    const span = { start: at, end: Math.max(end, at + 1) }
    if (written === '') {
      stream.seek(at)
      stream.fail('a probe is missing here', 'probes look like uprobe:libc:malloc, interval:s:1, BEGIN')
      return points
    }
    points.push({ kind: 'attach-point', text: withParameters(written, parameters), span })
    const next = skipBlank(stream.text, end, stream.diagnostics)
    if (stream.text[next] !== ',') {
      stream.seek(end)
      return points
    }
    at = skipBlank(stream.text, next + 1, stream.diagnostics)
  }
}

/**
 * Where a probe's name ends: at white space, a comma, a brace, or a slash that is not part of a path. A path stands between two
 * colons, or in quotes.
 */
function attachPointEnd(text: string, start: number): number {
  let at = start
  while (at < text.length) {
    const character = text[at] ?? ''
    if (/[\s,{}/;]/.test(character)) return at
    at += lengthOfPart(text, at)
  }
  return at
}

function lengthOfPart(text: string, at: number): number {
  const part = /"(?:[^"\\\n]|\\.)*"?|:(?:\\.|[-_./\w#$+*?[\]~%@])*(?=:)|./sy
  part.lastIndex = at
  return part.exec(text)?.[0].length ?? 1
}

function withParameters(text: string, parameters: readonly string[]): string {
  return text.replace(/\$(\d+)/g, (_, index: string) => parameters[Number(index) - 1] ?? '')
}
