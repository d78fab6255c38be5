import type { ByteRange } from '../code-facts.js'

const GROUP_5 = 0xff

/**
 * Every address where a near jump through a register may be, sorted: `FF /4` with a register operand is FF E0 … FF E7 (SDM vol. 2,
 * JMP), decoded or not.
 */
export function scanRegisterJumps(text: readonly ByteRange[]): Float64Array {
  const found: number[] = []
  for (const { start, bytes } of text) {
    const last = bytes.length - 1
    for (let at = 0; at < last; at++) {
      if (bytes[at] === GROUP_5 && ((bytes[at + 1] ?? 0) & 0xf8) === 0xe0) found.push(start + at)
    }
  }
  return Float64Array.from(found)
}
