import type { ByteRange, CodeFacts, FunctionBounds } from '../code-facts.js'
import { upperBound } from './sorted-search.js'

/** A module's facts with what lookups need: the one argument that the proof's steps share. */
export interface ModuleCode {
  readonly facts: CodeFacts
  readonly functionStarts: Float64Array
  /** Greatest end among the functions up to each index: ends the search for a function that contains an address. */
  readonly functionReach: Float64Array
  /**
   * True when the module can only run at its link-time addresses, so that code and data may hold absolute addresses of
   * code that no relocation names. A module linked below `vm.mmap_min_addr` (64 KiB) cannot run where it was linked.
   */
  readonly fixedAddress: boolean
}

const LOWEST_MAPPABLE = 0x10000

export function moduleCode(facts: CodeFacts): ModuleCode {
  const functionStarts = Float64Array.from(facts.functions, (bounds) => bounds.start)
  const functionReach = new Float64Array(facts.functions.length)
  let reach = -Infinity
  facts.functions.forEach((bounds, index) => {
    reach = Math.max(reach, bounds.end)
    functionReach[index] = reach
  })
  const lowest = Math.min(...[facts.text[0], facts.data[0]].map((range) => range?.start ?? Infinity))
  return { facts, functionStarts, functionReach, fixedAddress: lowest >= LOWEST_MAPPABLE }
}

/** The innermost function that contains an address. */
export function functionAround(code: ModuleCode, address: number): FunctionBounds | undefined {
  for (let index = upperBound(code.functionStarts, address) - 1; index >= 0; index--) {
    const bounds = code.facts.functions[index]
    if (bounds === undefined || (code.functionReach[index] ?? 0) <= address) return undefined
    if (bounds.end > address) return bounds
  }
  return undefined
}

/** Asked for every entry of every jump table: a loop is several times faster than `find`. */
function rangeAt(ranges: readonly ByteRange[], address: number): ByteRange | undefined {
  for (const range of ranges) {
    if (address >= range.start && address < range.start + range.bytes.length) return range
  }
  return undefined
}

/** Up to `length` bytes of text from an address on: fewer at the end of the range, none outside. */
export function textBytes(code: ModuleCode, start: number, length: number): Uint8Array {
  const range = rangeAt(code.facts.text, start)
  if (range === undefined) return new Uint8Array(0)
  return range.bytes.subarray(start - range.start, start - range.start + length)
}

/** Bytes of text or data from an address to the end of its range. */
export function bytesFrom(code: ModuleCode, start: number): Uint8Array | undefined {
  const range = rangeAt(code.facts.data, start) ?? rangeAt(code.facts.text, start)
  return range?.bytes.subarray(start - range.start)
}

export function isText(code: ModuleCode, address: number): boolean {
  return rangeAt(code.facts.text, address) !== undefined
}
