/** Bytes as text: `r` keeps printable ASCII, `rx` escapes everything, `rh` writes hexadecimal with spaces. */
export function bufferText(bytes: Uint8Array, form: 'r' | 'rx' | 'rh'): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
  if (form === 'rh') return hex.join(' ')
  return hex
    .map((digits, at) =>
      form === 'r' && isPrintable(bytes[at] ?? 0) ? String.fromCharCode(bytes[at] ?? 0) : `\\x${digits}`,
    )
    .join('')
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e
}
