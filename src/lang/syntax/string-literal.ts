const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '"': '"',
  '\\': '\\',
  '0': '\0',
}

export interface StringLiteral {
  readonly value: string
  /** Offset behind the closing quote. */
  readonly end: number
  readonly problem?: { readonly start: number; readonly end: number; readonly message: string }
}

/**
 * Reads a string that begins with a quote at `start`. Octal (`\033`) and hexadecimal (`\x1b`) escapes give single bytes, held as
 * characters up to U+00FF.
 */
export function parseString(text: string, start: number): StringLiteral {
  let value = ''
  let problem: StringLiteral['problem']
  let at = start + 1
  while (at < text.length && text[at] !== '"' && text[at] !== '\n') {
    if (text[at] !== '\\') {
      value += utf8Character(text, at)
      at += String.fromCodePoint(text.codePointAt(at) ?? 0).length
      continue
    }
    const [character, length] = parseEscape(text, at + 1)
    if (character === undefined)
      problem ??= { start: at, end: at + 2, message: `invalid escape character '\\${text[at + 1] ?? ''}'` }
    value += character ?? ''
    at += 1 + length
  }
  if (text[at] === '"') return { value, end: at + 1, ...(problem === undefined ? {} : { problem }) }
  return { value, end: at, problem: { start, end: at, message: 'unterminated string' } }
}

/** Strings are bytes: each character stands for one of them. */
function utf8Character(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  return character < '\x80' ? character : Buffer.from(character, 'utf8').toString('latin1')
}

/** The character and how many units of the text it took. */
function parseEscape(text: string, at: number): [string | undefined, number] {
  const hex = /^x[0-9a-fA-F]{1,2}/.exec(text.slice(at, at + 3))?.[0]
  if (hex !== undefined) return [String.fromCharCode(Number.parseInt(hex.slice(1), 16)), hex.length]
  const octal = /^[0-7]{1,3}/.exec(text.slice(at, at + 3))?.[0]
  if (octal !== undefined) return [String.fromCharCode(Number.parseInt(octal, 8) & 0xff), octal.length]
  return [simpleEscapes[text[at] ?? ''], Math.min(1, text.length - at)]
}
