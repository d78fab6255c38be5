import type { ConfigEntry } from './ast.js'
import type { TokenStream } from './token-stream.js'

/** `config = { name = value; name = value }`; the stream is at `config`. */
export function parseConfig(stream: TokenStream): ConfigEntry[] {
  stream.next()
  stream.expect('=', 'behind config')
  stream.expect('{', 'behind config =')
  const entries: ConfigEntry[] = []
  while (!stream.at('}') && !stream.atEnd()) {
    const name = stream.next()
    if (name.kind !== 'identifier') stream.fail('the name of a setting is missing', undefined, name.span)
    stream.expect('=', 'behind the name of the setting')
    const value = stream.next()
    if (!['integer', 'string', 'identifier'].includes(value.kind))
      stream.fail('the value of the setting is missing', undefined, value.span)
    entries.push({
      name: name.text,
      value: value.value ?? value.text,
      span: { start: name.span.start, end: stream.lastEnd },
    })
    if (!stream.take(';')) break
  }
  stream.expect('}', 'at the end of config')
  stream.take(';')
  return entries
}
