import type { ByteRange } from '../code-facts.js'
import { likelyAddends } from './address-sums.js'
import { inWindow, type WindowBits } from './window-bits.js'

/** Bytes that would, if an instruction began there, lead into a wanted window. */
export interface Reference {
  /** `branch`: control goes there. `address`: the address is taken (lea, an absolute word). */
  readonly kind: 'branch' | 'address'
  /** Address of the opcode byte, or of the absolute word. */
  readonly source: number
}

/** References by the address that they lead to. */
export type References = Map<number, Reference[]>

export function addReference(found: References, target: number, reference: Reference): void {
  const known = found.get(target)
  if (known === undefined) found.set(target, [reference])
  else known.push(reference)
}

/**
 * What a byte may be the first opcode byte of. A superset of all encodings that name code relative to themselves: `jcc`,
 * `jmp`, `loop*`, `jrcxz` rel8; `call`, `jmp`, `jcc` rel32; `lea` rip-relative; `xbegin` (SDM vol. 2, appendix A).
 */
const NOTHING = 0
const REL8 = 1
const REL32 = 2
const TWO_BYTE = 3
const LEA = 4
const XBEGIN = 5

const opcodeClass = Uint8Array.from({ length: 256 }, (_, byte) => {
  if ((byte & 0xf0) === 0x70 || byte === 0xeb || (byte & 0xfc) === 0xe0) return REL8
  if (byte === 0xe8 || byte === 0xe9) return REL32
  if (byte === 0x0f) return TWO_BYTE
  if (byte === 0x8d) return LEA
  return byte === 0xc7 ? XBEGIN : NOTHING
})

/** Length up to and with the relative operand at `offset`, or 0 if the second byte says that this is none. */
function encodedLength(kind: number, second: number): number {
  switch (kind) {
    case REL8:
      return 2
    case REL32:
      return 5
    case TWO_BYTE:
      return (second & 0xf0) === 0x80 ? 6 : 0
    case LEA:
      return (second & 0xc7) === 0x05 ? 6 : 0
    case XBEGIN:
      return second === 0xf8 ? 6 : 0
    default:
      return 0
  }
}

/**
 * Finds every byte position of the text that could encode a relative reference into a wanted window, decoded or not:
 * a superset, free of questions of synchronisation. Most hits are noise, which a decode of their function clears.
 */
export function scanReferences(text: readonly ByteRange[], windows: readonly WindowBits[]): References {
  const found: References = new Map()
  text.forEach((range, index) => {
    const own = windows[index]
    if (own !== undefined) scanRange(range, own, windows, found)
  })
  return found
}

/** One loop with nothing but typed arrays in it: it reads every byte of the module's text. */
function scanRange({ start, bytes }: ByteRange, own: WindowBits, all: readonly WindowBits[], found: References): void {
  const { bits } = own
  const length = bytes.length
  const several = all.length > 1
  for (let offset = 0; offset < length; offset++) {
    const kind = opcodeClass[bytes[offset] ?? 0] ?? NOTHING
    if (kind === NOTHING) continue
    let end = offset + 2
    let relative = ((bytes[offset + 1] ?? 0) << 24) >> 24
    if (kind !== REL8) {
      const size = encodedLength(kind, bytes[offset + 1] ?? 0)
      if (size === 0) continue
      end = offset + size
      if (end > length) continue
      relative =
        (bytes[end - 4] ?? 0) |
        ((bytes[end - 3] ?? 0) << 8) |
        ((bytes[end - 2] ?? 0) << 16) |
        ((bytes[end - 1] ?? 0) << 24)
    } else if (end > length) continue
    const target = end + relative
    if (kind === LEA && target >= 0 && target < length) {
      const lea = { offset, end, target: start + target }
      noteSums(bytes, start, lea, all, found)
    }
    if (target >= 0 && target < length) {
      if ((((bits[target >>> 3] ?? 0) >>> (target & 7)) & 1) === 0) continue
    } else if (!several || !inWindow(all, start + target)) continue
    addReference(found, start + target, { kind: kind === LEA ? 'address' : 'branch', source: start + offset })
  }
}

/** Addresses that the code behind a lea makes of the one that it takes. */
function noteSums(
  bytes: Uint8Array,
  start: number,
  { offset, end, target }: { readonly offset: number; readonly end: number; readonly target: number },
  windows: readonly WindowBits[],
  found: References,
): void {
  for (const addend of likelyAddends(bytes, end, ((bytes[offset + 1] ?? 0) >>> 3) & 7)) {
    if (inWindow(windows, target + addend))
      addReference(found, target + addend, { kind: 'address', source: start + offset })
  }
}
