import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutRoot } from '../programs/checkout.js'

/** A file of test/isa/vectors without its comment lines. */
export function vectorText(name: string): string {
  const text = readFileSync(join(checkoutRoot, 'test/isa/vectors', name), 'utf8')
  return text.replace(/^#.*\n/gm, '')
}

/** Bytes of hexadecimal text; blanks do not matter. */
export function hexBytes(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}
