/** The few styles that ring3 uses, as ANSI codes. */
const styles = {
  bold: ['\x1b[1m', '\x1b[22m'],
  dim: ['\x1b[2m', '\x1b[22m'],
  yellow: ['\x1b[33m', '\x1b[39m'],
  red: ['\x1b[31m', '\x1b[39m'],
} as const

/** Puts a style around text when `colour` is on. */
export function styled(style: keyof typeof styles, text: string, colour: boolean): string {
  const [on, off] = styles[style]
  return colour ? `${on}${text}${off}` : text
}

/**
 * Text that is safe to print. Symbol names come from files that ring3 does not trust, and a terminal obeys control
 * characters and reorders text at directional ones.
 */
export function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u{${character.charCodeAt(0).toString(16)}}`
  })
}

/** At most `width` characters; what is cut off is marked. */
export function fitted(text: string, width: number): string {
  const characters = Array.from(text)
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}
