import { type FileOffset, fileOffset } from '../bytes/address.js'
import { type Refusal, refuse } from '../refusal/refusal.js'

/**
 * What the user asked to probe: `[uprobe:|u:]MODULE:SYMBOL[+OFFSET]` or `MODULE:0xOFFSET`, in bpftrace's words. MODULE and
 * SYMBOL are globs. Either part may stand in double quotes, which protect a `:` or a `+` inside it.
 */
export type ProbePattern =
  | {
      readonly kind: 'symbol'
      /** As the user wrote it. */
      readonly text: string
      readonly module: string
      readonly symbol: string
      /** Bytes from the beginning of the function. */
      readonly offset: number
    }
  | {
      readonly kind: 'file-offset'
      readonly text: string
      readonly module: string
      readonly fileOffset: FileOffset
    }

/** Longer than any path and any symbol that a linker writes in practice. */
const MAX_PATTERN_LENGTH = 16384

/** bpftrace's other probe types: asked for by habit, so each gets its own answer. */
const otherProbeTypes = new Set(
  'uretprobe usdt kprobe kretprobe fentry fexit kfunc kretfunc tracepoint rawtracepoint profile interval software hardware watchpoint'.split(
    ' ',
  ),
)

interface Cut {
  readonly module: string
  readonly rest: string
  /** Where `rest` begins in the text, for messages. */
  readonly restAt: number
}

/** Reads a probe pattern, or says what is wrong with it and where. */
export function parsePattern(text: string): ProbePattern | Refusal {
  if (text.trim() === '')
    return refuse('bad-pattern', 'the pattern is empty: write MODULE:SYMBOL, for example libc:malloc')
  if (text.length > MAX_PATTERN_LENGTH)
    return refuse('bad-pattern', `the pattern is longer than ${MAX_PATTERN_LENGTH} characters`)
  const control = findControlCharacter(text)
  if (control !== -1) return bad(text, control, 'a control character cannot be part of a name')
  const quote = findOpenQuote(text)
  if (quote !== -1) return bad(text, quote, 'the quote is not closed')
  return parseParts(text, stripProbeType(text))
}

function parseParts(text: string, start: number): ProbePattern | Refusal {
  const cut = cutModule(text, start)
  if (cut === undefined) {
    return bad(
      text,
      start,
      `there is no module: write MODULE:SYMBOL, for example libc:${suggestedSymbol(text.slice(start))}`,
    )
  }
  const { module, rest, restAt } = cut
  if (module === '') return bad(text, start, 'the module is empty; * stands for every module')
  if (otherProbeTypes.has(module)) return bad(text, start, `patterns here are those of uprobe, not of ${module}`)
  if (rest === '') return bad(text, restAt, 'the symbol is empty; * stands for every function')
  return /^[0-9]/.test(rest) ? parseFileOffset(text, cut) : parseSymbol(text, cut)
}

function parseFileOffset(text: string, { module, rest, restAt }: Cut): ProbePattern | Refusal {
  const offset = /^0x[0-9a-f]+$/i.test(rest) ? Number(rest) : Number.NaN
  if (!Number.isSafeInteger(offset)) return bad(text, restAt, `${rest} is no file offset; offsets look like 0x1234`)
  return { kind: 'file-offset', text, module, fileOffset: fileOffset(offset) }
}

function parseSymbol(text: string, { module, rest, restAt }: Cut): ProbePattern | Refusal {
  const colon = indexOfSingleColon(rest, 0)
  if (colon !== -1)
    return bad(text, restAt + colon, 'a symbol holds no single colon; put it in double quotes if this one does')
  const plus = indexOfOffset(rest)
  const symbol = unquote(plus === -1 ? rest : rest.slice(0, plus))
  if (symbol === '') return bad(text, restAt, 'the symbol is empty; * stands for every function')
  if (plus === -1) return { kind: 'symbol', text, module, symbol, offset: 0 }
  const digits = rest.slice(plus + 1)
  const offset = readNumber(digits)
  if (offset === undefined) return bad(text, restAt + plus + 1, offsetProblem(digits))
  return { kind: 'symbol', text, module, symbol, offset }
}

function offsetProblem(digits: string): string {
  if (digits === '') return 'there is no number behind the +'
  return `${digits} is no offset; offsets look like 16 or 0x10`
}

function bad(text: string, at: number, problem: string): Refusal {
  return refuse('bad-pattern', `pattern ‘${printable(text)}’, character ${at + 1}: ${problem}`)
}

/** Where the pattern proper begins. `u:main` has no other colon, so there `u` is a module of that name. */
function stripProbeType(text: string): number {
  const [prefix] = /^\s*(?:uprobe|u):/.exec(text) ?? ['']
  if (prefix === '') return text.length - text.trimStart().length
  const hasModule = indexOfSingleColon(text, prefix.length) !== -1
  return hasModule || prefix.trim() === 'uprobe:' ? prefix.length : 0
}

function cutModule(text: string, start: number): Cut | undefined {
  const colon = indexOfSingleColon(text, start)
  if (colon === -1) return undefined
  return { module: unquote(text.slice(start, colon).trim()), rest: text.slice(colon + 1).trimEnd(), restAt: colon + 1 }
}

/** The first `:` from `from` on that stands outside quotes and is not part of a `::`. */
function indexOfSingleColon(text: string, from: number): number {
  let quoted = false
  for (let at = from; at < text.length; at++) {
    if (text[at] === '"') quoted = !quoted
    if (text[at] !== ':' || quoted) continue
    if (text[at + 1] !== ':') return at
    while (text[at + 1] === ':') at++
  }
  return -1
}

/** Where `+OFFSET` begins, or -1. A `+` of a demangled name (`operator+=(int)`) is no offset. */
function indexOfOffset(symbol: string): number {
  const match = /\+(\w*)$/.exec(symbol)
  if (match === null) return -1
  const isOperator = /\boperator\+?$/.test(symbol.slice(0, match.index))
  return isOperator && !/^\d/.test(match[1] ?? '') ? -1 : match.index
}

function readNumber(text: string): number | undefined {
  if (!/^(?:0x[0-9a-f]+|\d+)$/i.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}

function findOpenQuote(text: string): number {
  const quotes = text.split('"').length - 1
  return quotes % 2 === 0 ? -1 : text.lastIndexOf('"')
}

function findControlCharacter(text: string): number {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at)).findIndex(
    (code) => code < 32 || code === 127,
  )
}

function printable(text: string): string {
  return Array.from(text, (character) => (character < ' ' || character === '\x7f' ? '?' : character)).join('')
}

function suggestedSymbol(text: string): string {
  return /^[\w.$*?]+$/.test(text) ? text : 'malloc'
}
