import { vaddr } from '../bytes/address.js'
import { bytesAt, type ElfImage } from '../elf/elf-image.js'
import type { FunctionBounds } from '../isa/code-facts.js'
import type { LoadedSymbols } from './load-module-symbols.js'

/** Bounds of every function symbol and every frame in text, one a start. Where both know the end, the symbol's counts. */
export function functionBounds(image: ElfImage, loaded: LoadedSymbols): FunctionBounds[] {
  const { columns, frames } = loaded
  const bounds: FunctionBounds[] = []
  let frame = 0
  for (let row = 0; row < columns.count; row++) {
    const start = columns.starts[row] ?? 0
    frame = pushFrames(bounds, loaded, frame, start)
    bounds.push({ start: vaddr(start), end: vaddr(endOf(image, loaded, row)) })
    while (frames.starts[frame] === start) frame++
  }
  pushFrames(bounds, loaded, frame, Number.POSITIVE_INFINITY)
  return bounds
}

/** Appends the frames from row `frame` on that begin below `limit`; returns the row of the first that does not. */
function pushFrames(bounds: FunctionBounds[], { frames, text }: LoadedSymbols, frame: number, limit: number): number {
  let row = frame
  for (; row < frames.count && (frames.starts[row] ?? 0) < limit; row++) {
    const start = frames.starts[row] ?? 0
    const sectionEnd = text.ends[text.indexOf(start)]
    if (sectionEnd === undefined || start === bounds.at(-1)?.start) continue
    bounds.push({ start: vaddr(start), end: vaddr(Math.min(frames.ends[row] ?? 0, sectionEnd)) })
  }
  return row
}

function endOf(image: ElfImage, { columns }: LoadedSymbols, row: number): number {
  const start = columns.starts[row] ?? 0
  const size = columns.sizes[row] ?? 0
  return start + (columns.inferred[row] === 1 ? withoutPadding(bytesAt(image, start, size)) : size)
}

/** The NOPs that assemblers align with, longest last; each is one instruction. */
const nops: readonly Uint8Array[] = [
  '90',
  '6690',
  '0f1f00',
  '0f1f4000',
  '0f1f440000',
  '660f1f440000',
  '0f1f8000000000',
  '0f1f840000000000',
  '660f1f840000000000',
  '662e0f1f840000000000',
  '66662e0f1f840000000000',
  '6666662e0f1f840000000000',
  '666666662e0f1f840000000000',
  '66666666662e0f1f840000000000',
  '6666666666662e0f1f840000000000',
].map((text) => Uint8Array.from(Buffer.from(text, 'hex')))

const INT3 = 0xcc

/**
 * Length of the code without NOPs and breakpoints behind it. Read backwards, which without decoding is right for all code
 * that ends in a return or a jump: their last bytes look like no padding.
 */
function withoutPadding(code: Uint8Array): number {
  let end = code.length
  for (;;) {
    const padding = code[end - 1] === INT3 ? 1 : (nops.findLast((nop) => endsWith(code, end, nop))?.length ?? 0)
    if (padding === 0 || padding === end) return end
    end -= padding
  }
}

function endsWith(code: Uint8Array, end: number, tail: Uint8Array): boolean {
  return end >= tail.length && tail.every((byte, i) => code[end - tail.length + i] === byte)
}
