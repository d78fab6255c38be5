import type { EnumNode, FieldNode, RecordNode, TypeName } from './ast.js'
import { parseType } from './parse-type.js'
import type { TokenStream } from './token-stream.js'

/** Records found while one is read: a definition inside another stands before it. */
export interface FoundTypes {
  readonly records: RecordNode[]
  readonly enums: EnumNode[]
}

/** `struct Foo { … };` or `union …`; the stream is at the keyword. Appends it, and those inside it, to `found`. */
export function parseRecord(stream: TokenStream, found: FoundTypes): RecordNode {
  const { text: keyword, span } = stream.next()
  const name = stream.peek().kind === 'identifier' ? stream.next().text : `(anonymous at ${span.start})`
  const full = `${keyword} ${name}`
  const fields: FieldNode[] = []
  stream.expect('{', `behind ${full}`)
  while (!stream.at('}') && !stream.atEnd())
    fields.push(
      ...stream.deeper(
        () => parseMember(stream, found),
        () => [],
      ),
    )
  stream.expect('}', `at the end of ${full}`)
  const packed = parseAttributes(stream)
  const record: RecordNode = {
    kind: 'record',
    name: full,
    union: keyword === 'union',
    packed,
    fields,
    span: { start: span.start, end: stream.lastEnd },
  }
  found.records.push(record)
  return record
}

/** `__attribute__((packed))` is the one that changes a layout. */
function parseAttributes(stream: TokenStream): boolean {
  let packed = false
  while (stream.take('__attribute__')) {
    stream.expect('(', 'behind __attribute__')
    stream.expect('(', 'behind __attribute__')
    const name = stream.next().text
    if (name !== 'packed' && name !== '__packed__') stream.fail(`__attribute__((${name})) is not understood; packed is`)
    packed = true
    stream.expect(')', 'behind the attribute')
    stream.expect(')', 'behind the attribute')
  }
  return packed
}

/** One declaration of a record: `int a, *b[4], c:3;` */
function parseMember(stream: TokenStream, found: FoundTypes): FieldNode[] {
  const type = parseMemberType(stream, found)
  if (stream.take(';')) return [{ name: '', type, lengths: [], bits: undefined, span: type.span }]
  const fields: FieldNode[] = []
  do fields.push(parseDeclarator(stream, type))
  while (stream.take(','))
  // As in bpftrace, the last one may stand without its semicolon.
  if (!stream.at('}')) stream.expect(';', 'behind the field')
  return fields
}

function parseMemberType(stream: TokenStream, found: FoundTypes): TypeName {
  const isDefinition = stream.at('{', 1) || stream.at('{', 2)
  if (isDefinition && stream.at('enum')) {
    const { name, span } = parseEnum(stream, found)
    return { kind: 'type-name', base: name, pointers: 0, lengths: [], span }
  }
  if (isDefinition && (stream.at('struct') || stream.at('union'))) {
    const { name, span } = parseRecord(stream, found)
    return { kind: 'type-name', base: name, pointers: 0, lengths: [], span }
  }
  return parseType(stream)
}

function parseDeclarator(stream: TokenStream, type: TypeName): FieldNode {
  let pointers = type.pointers
  while (stream.at('*') || stream.at('const')) pointers += stream.next().text === '*' ? 1 : 0
  const functionPointer = parseFunctionPointer(stream)
  if (functionPointer !== undefined)
    return {
      name: functionPointer,
      type: { ...type, base: 'void', pointers: 1 },
      lengths: [],
      bits: undefined,
      span: type.span,
    }
  const name = parseFieldName(stream)
  const lengths = parseDimensions(stream)
  const bits = stream.take(':') ? Number(parseInteger(stream)) : undefined
  return {
    name,
    type: { ...type, pointers, lengths: [] },
    lengths,
    bits,
    span: { start: type.span.start, end: stream.lastEnd },
  }
}

/** Bits that only fill up have no name. */
function parseFieldName(stream: TokenStream): string {
  if (stream.at(':')) return ''
  const { kind, text } = stream.next()
  if (kind !== 'identifier') stream.fail('the name of a field is missing')
  return text
}

/** `(*name)(…)`: a pointer, of which nothing more is needed. */
function parseFunctionPointer(stream: TokenStream): string | undefined {
  if (!stream.at('(')) return undefined
  stream.next()
  stream.expect('*', 'in a pointer to a function')
  const { text } = stream.next()
  stream.expect(')', 'behind the name')
  stream.expect('(', 'before the parameters')
  while (!stream.at(')') && !stream.atEnd()) stream.next()
  stream.expect(')', 'behind the parameters')
  return text
}

function parseDimensions(stream: TokenStream): number[] {
  const lengths: number[] = []
  while (stream.take('[')) {
    lengths.push(stream.at(']') ? 0 : Number(parseInteger(stream)))
    stream.expect(']', 'behind the length')
  }
  return lengths
}

function parseInteger(stream: TokenStream): bigint {
  const negative = stream.take('-')
  const { kind, value } = stream.peek()
  if (kind !== 'integer' || typeof value !== 'bigint') {
    stream.fail('an integer is missing here')
    return 0n
  }
  stream.next()
  return negative ? -value : value
}

/** `enum Name { A, B = 3 };` */
export function parseEnum(stream: TokenStream, found: FoundTypes): EnumNode {
  const { span } = stream.next()
  const name = stream.peek().kind === 'identifier' ? stream.next().text : `(anonymous at ${span.start})`
  stream.expect('{', 'behind enum')
  const members: { name: string; value: bigint }[] = []
  let value = 0n
  while (stream.peek().kind === 'identifier') {
    const member = stream.next().text
    if (stream.take('=')) value = parseInteger(stream)
    members.push({ name: member, value })
    value += 1n
    if (!stream.take(',')) break
  }
  stream.expect('}', 'at the end of enum')
  const node: EnumNode = {
    kind: 'enum',
    name: `enum ${name}`,
    members,
    span: { start: span.start, end: stream.lastEnd },
  }
  found.enums.push(node)
  return node
}
