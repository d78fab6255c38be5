import type { ByteRange } from '../code-facts.js'

/** Which bytes of a text range lie inside a wanted window, the site's own byte excluded: one bit each. */
export interface WindowBits {
  readonly start: number
  readonly length: number
  readonly bits: Uint8Array
}

/** Bytes in which nobody may begin to execute, but for the first. */
export interface Window {
  readonly start: number
  readonly length: number
}

/** Marks the interior of each window (all but its first byte) in the ranges that hold it. */
export function windowBits(text: readonly ByteRange[], windows: readonly Window[]): WindowBits[] {
  const marked = text.map(({ start, bytes }) => ({
    start,
    length: bytes.length,
    bits: new Uint8Array((bytes.length >>> 3) + 1),
  }))
  for (const window of windows) {
    for (const range of marked) markInterior(range, window)
  }
  return marked
}

function markInterior({ start, length, bits }: WindowBits, window: Window): void {
  const first = Math.max(window.start + 1 - start, 0)
  const end = Math.min(window.start + window.length - start, length)
  for (let offset = first; offset < end; offset++) {
    bits[offset >>> 3] = (bits[offset >>> 3] ?? 0) | (1 << (offset & 7))
  }
}

export function inWindow(ranges: readonly WindowBits[], address: number): boolean {
  for (const { start, length, bits } of ranges) {
    const offset = address - start
    if (offset >= 0 && offset < length) return (((bits[offset >>> 3] ?? 0) >>> (offset & 7)) & 1) === 1
  }
  return false
}
