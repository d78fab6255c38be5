import type { ByteRange } from '../code-facts.js'
import { addReference, type References } from './reference-scan.js'
import { inWindow, type WindowBits } from './window-bits.js'

/**
 * In a module that runs at its link-time addresses, code may be named by absolute words that no relocation marks:
 * immediates and displacements in text (32 bits, at any position; a movabs has the same low half), and 8-byte words in
 * data, which compilers align.
 */
export function scanAddresses(
  text: readonly ByteRange[],
  data: readonly ByteRange[],
  windows: readonly WindowBits[],
  found: References,
): void {
  const span = codeSpan(text)
  for (const range of text) scanTextWords(range, span, windows, found)
  for (const range of data) scanDataWords(range, span, windows, found)
}

interface Span {
  readonly low: number
  readonly high: number
}

function codeSpan(text: readonly ByteRange[]): Span {
  const starts = text.map((range) => range.start)
  const ends = text.map((range) => range.start + range.bytes.length)
  return { low: Math.min(...starts), high: Math.max(...ends) }
}

function scanTextWords(
  { start, bytes }: ByteRange,
  { low, high }: Span,
  windows: readonly WindowBits[],
  found: References,
): void {
  let word = 0
  for (let offset = 0; offset < bytes.length; offset++) {
    word = (word >>> 8) | ((bytes[offset] ?? 0) << 24)
    const target = word >>> 0
    if (target < low || target >= high || offset < 3 || !inWindow(windows, target)) continue
    addReference(found, target, { kind: 'address', source: start + offset - 3 })
  }
}

function scanDataWords(
  { start, bytes }: ByteRange,
  { low, high }: Span,
  windows: readonly WindowBits[],
  found: References,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let offset = -start & 7; offset + 8 <= bytes.length; offset += 8) {
    const target = view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32
    if (target < low || target >= high || !inWindow(windows, target)) continue
    addReference(found, target, { kind: 'address', source: start + offset })
  }
}
