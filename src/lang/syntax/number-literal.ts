/** The value of an integer literal, or a sentence about what is wrong with it. */
export function parseNumber(text: string): bigint | string {
  const plain = text.replaceAll('_', '')
  const value = plainNumber(plain) ?? scientificNumber(plain) ?? durationNumber(plain)
  if (value === undefined) return `'${text}' is no integer; integers look like 10, 0x1f, 017, 1e6, 1_000, 10ms`
  return value >= 1n << 64n ? `Failed to parse integer: ${text} is out of range` : value
}

/** Decimal, octal and hexadecimal, with the suffixes of C, which mean nothing. */
function plainNumber(text: string): bigint | undefined {
  const digits = /^(0[xX][0-9a-fA-F]+|[0-9]+)(?:[uU](?:ll?|LL?)?|(?:ll?|LL?)[uU]?)?$/.exec(text)?.[1]
  if (digits === undefined) return undefined
  if (!/^0[0-9]/.test(digits)) return BigInt(digits)
  return /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : undefined
}

/** `2e3`; beyond 10^20 nothing fits. */
function scientificNumber(text: string): bigint | undefined {
  const [, mantissa, exponent] = /^([0-9]{1,20})[eE]([0-9]{1,2})$/.exec(text) ?? []
  return mantissa === undefined || exponent === undefined ? undefined : BigInt(mantissa) * 10n ** BigInt(exponent)
}

const nanoseconds: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
}

function durationNumber(text: string): bigint | undefined {
  const [, digits, unit] = /^([0-9]+)(ns|us|ms|s|m|h|d)$/.exec(text) ?? []
  const factor = nanoseconds[unit ?? '']
  return digits === undefined || factor === undefined ? undefined : BigInt(digits) * factor
}
