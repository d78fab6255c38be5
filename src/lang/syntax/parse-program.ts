import type { Diagnostics } from '../diagnostic.js'
import type { ConfigEntry, MacroNode, MapDeclarationNode, ProbeNode, ProgramNode } from './ast.js'
import { parseBlock } from './parse-block.js'
import { parseConfig } from './parse-config.js'
import { parseProbe } from './parse-probe.js'
import { type FoundTypes, parseEnum, parseRecord } from './parse-record.js'
import { TokenStream } from './token-stream.js'

interface Parts extends FoundTypes {
  readonly config: ConfigEntry[]
  readonly maps: MapDeclarationNode[]
  readonly macros: MacroNode[]
  readonly probes: ProbeNode[]
}

/**
 * Reads a script. Never throws: what cannot be read is in `diagnostics`, and the tree has the rest. `parameters` are put into the
 * names of probes (`interval:s:$1`).
 */
export function parseProgram(text: string, parameters: readonly string[], diagnostics: Diagnostics): ProgramNode {
  const stream = new TokenStream(text, diagnostics)
  if (text.startsWith('#!')) stream.seek(text.indexOf('\n') === -1 ? text.length : text.indexOf('\n'))
  const parts: Parts = { config: [], records: [], enums: [], maps: [], macros: [], probes: [] }
  while (!stream.atEnd()) {
    parseTopLevel(stream, parts, parameters)
    if (stream.failed) stream.resumeBehindBlock()
  }
  return { kind: 'program', ...parts }
}

function parseTopLevel(stream: TokenStream, parts: Parts, parameters: readonly string[]): void {
  const { kind } = stream.peek()
  if (kind === 'directive') refuseDirective(stream)
  else if (stream.at('config') && stream.at('=', 1)) parts.config.push(...parseConfig(stream))
  else if (stream.at('struct') || stream.at('union')) parseDefinition(stream, () => parseRecord(stream, parts))
  else if (stream.at('enum')) parseDefinition(stream, () => parseEnum(stream, parts))
  else if (stream.at('let')) parts.maps.push(...parseMapDeclaration(stream))
  else if (stream.at('macro')) parts.macros.push(parseMacro(stream))
  else if (stream.at('import'))
    stream.fail('import is not supported', 'write what the imported script defines into this one')
  else if (stream.at('fn') && stream.peek(1).kind === 'identifier' && stream.at('(', 2))
    stream.fail('functions of the script (fn) are not supported', 'write a macro: macro name($x) { … }')
  else if (!stream.take(';')) parts.probes.push(parseProbe(stream, parameters))
}

function parseDefinition(stream: TokenStream, parse: () => unknown): void {
  parse()
  stream.take(';')
}

const directiveHints: Readonly<Record<string, string>> = {
  include: 'write the structs that the program uses into the script: struct Foo { int x; }',
  define: 'write a macro: macro name() { 1 }',
}

function refuseDirective(stream: TokenStream): void {
  const { text, span } = stream.next()
  const word = /^#\s*(\w*)/.exec(text)?.[1] ?? ''
  const { start } = span
  stream.diagnostics.error(
    { start, end: start + text.trimEnd().length },
    `#${word} is not supported: there is no C preprocessor here`,
    Object.hasOwn(directiveHints, word) ? directiveHints[word] : undefined,
  )
}

function parseMapDeclaration(stream: TokenStream): MapDeclarationNode[] {
  const { start } = stream.next().span
  const map = stream.next()
  if (map.kind !== 'map') stream.fail('outside of probes, let declares maps', 'write let @name = hash(100);', map.span)
  stream.expect('=', 'behind the map')
  const type = stream.next().text
  stream.expect('(', 'behind the type of the map')
  const size = stream.next()
  if (typeof size.value !== 'bigint') stream.fail('the number of entries is missing', undefined, size.span)
  stream.expect(')', 'behind the number of entries')
  if (stream.failed) return []
  stream.take(';')
  const span = { start, end: stream.lastEnd }
  return [{ kind: 'map-declaration', name: map.text, type, size: BigInt(size.value ?? 0), span }]
}

function parseMacro(stream: TokenStream): MacroNode {
  const { start } = stream.next().span
  const name = stream.next()
  if (name.kind !== 'identifier') stream.fail('the name of the macro is missing', undefined, name.span)
  stream.expect('(', 'behind the name of the macro')
  const parameters: string[] = []
  while (['variable', 'map', 'identifier'].includes(stream.peek().kind)) {
    parameters.push(stream.next().text)
    if (!stream.take(',')) break
  }
  stream.expect(')', 'behind the parameters')
  const body = parseBlock(stream)
  return { kind: 'macro', name: name.text, parameters, body, span: { start, end: stream.lastEnd } }
}
