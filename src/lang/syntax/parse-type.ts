import type { TypeName } from './ast.js'
import type { TokenStream } from './token-stream.js'

const bpftraceTypes = new Set(
  'bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 string buffer inet void timestamp macaddr_t'.split(' '),
)
const cWords = new Set('char short int long signed unsigned const volatile float double'.split(' '))
const recordWords = new Set(['struct', 'union', 'enum'])
/** The type definitions of C's headers that scripts use without including them. */
const typedefs = new Set(
  'int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t ssize_t uintptr_t intptr_t pid_t uid_t gid_t off_t time_t u8 u16 u32 u64 s8 s16 s32 s64'.split(
    ' ',
  ),
)

/** Whether a type begins `distance` tokens on. `cast`: only if a `)` follows it somewhere, as in a cast. */
export function atType(stream: TokenStream, distance = 0): boolean {
  const { kind, text } = stream.peek(distance)
  if (kind !== 'identifier') return false
  if (bpftraceTypes.has(text) || cWords.has(text) || recordWords.has(text) || typedefs.has(text)) return true
  return stream.at('*', distance + 1) && castEndsAt(stream, distance + 1)
}

/** `name **)` can only be a type. */
function castEndsAt(stream: TokenStream, distance: number): boolean {
  let at = distance
  while (stream.at('*', at)) at++
  return stream.at(')', at)
}

/** `struct Foo **`, `unsigned long`, `uint8[4]`, `string[16]`. */
export function parseType(stream: TokenStream): TypeName {
  const { start } = stream.peek().span
  const base = parseBase(stream)
  let pointers = 0
  while (stream.at('*') || stream.at('const')) pointers += stream.next().text === '*' ? 1 : 0
  const lengths: (number | undefined)[] = []
  while (stream.take('[')) lengths.push(parseLength(stream))
  return { kind: 'type-name', base, pointers, lengths, span: { start, end: stream.lastEnd } }
}

function parseLength(stream: TokenStream): number | undefined {
  const { kind, value } = stream.peek()
  if (kind === 'integer') stream.next()
  stream.expect(']', 'behind the length')
  return kind === 'integer' ? Number(value) : undefined
}

function parseBase(stream: TokenStream): string {
  while (stream.at('const') || stream.at('volatile')) stream.next()
  const first = stream.peek()
  if (first.kind !== 'identifier') {
    stream.fail('a type is missing here', 'types look like uint64, string[16], struct Foo *')
    return 'void'
  }
  stream.next()
  if (recordWords.has(first.text)) return `${first.text} ${parseTag(stream)}`
  const words = [first.text]
  while (cWords.has(stream.peek().text) && cWords.has(first.text)) {
    const { text } = stream.next()
    if (text !== 'const' && text !== 'volatile') words.push(text)
  }
  return (
    cIntegers[
      words
        .filter((word) => word !== 'signed')
        .sort()
        .join(' ')
    ] ?? words.join(' ')
  )
}

function parseTag(stream: TokenStream): string {
  const tag = stream.peek()
  if (tag.kind === 'identifier') return stream.next().text
  stream.fail('a name is missing behind struct, union or enum')
  return ''
}

/** C's words in alphabetical order. `char` is signed here, as on x86-64. */
const cIntegers: Readonly<Record<string, string>> = {
  char: 'int8',
  'char unsigned': 'uint8',
  short: 'int16',
  'int short': 'int16',
  'short unsigned': 'uint16',
  'int short unsigned': 'uint16',
  '': 'int32',
  int: 'int32',
  unsigned: 'uint32',
  'int unsigned': 'uint32',
  long: 'int64',
  'int long': 'int64',
  'long unsigned': 'uint64',
  'int long unsigned': 'uint64',
  'long long': 'int64',
  'int long long': 'int64',
  'long long unsigned': 'uint64',
  'int long long unsigned': 'uint64',
}
