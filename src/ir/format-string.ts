/** A conversion of a format string: `%-10lld`. */
export interface Conversion {
  readonly flags: string
  readonly width: number | undefined
  readonly precision: number | undefined
  /** `hh`, `h`, `l`, `ll`, `j`, `z`, `t` or empty. */
  readonly length: string
  /** `d i u o x X c p s r rh rx`. */
  readonly specifier: string
}

/** Text and conversions of a format string in order. `%%` has become text. */
export type FormatPart = string | Conversion

const conversionPattern = /%(?:%|([-+ #0]*)(\d+)?(?:\.(\d+))?(hh|h|ll|l|L|j|z|t)?(rh|rx|[diouxXcpsr]))/g

/** Widths beyond this are nobody's wish. */
const MAX_WIDTH = 4096

export function parseFormat(format: string): FormatPart[] {
  const parts: FormatPart[] = []
  let end = 0
  for (const match of format.matchAll(conversionPattern)) {
    const [all, flags = '', width, precision, length = '', specifier = ''] = match
    parts.push(format.slice(end, match.index))
    parts.push(all === '%%' ? '%' : { flags, width: bounded(width), precision: bounded(precision), length, specifier })
    end = match.index + all.length
  }
  parts.push(format.slice(end))
  return parts.filter((part) => part !== '')
}

export function conversionsOf(format: string): Conversion[] {
  return parseFormat(format).filter((part) => typeof part !== 'string')
}

/** The first `%` that begins no conversion, or -1. */
export function badConversion(format: string): number {
  const masked = format.replace(conversionPattern, (all) => '.'.repeat(all.length))
  return masked.indexOf('%')
}

function bounded(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Math.min(Number(digits), MAX_WIDTH)
}
