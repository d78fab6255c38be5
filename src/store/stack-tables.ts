import type { UnwindTable } from '../dwarf/unwind-table.js'

/** How stacks are walked through some code of a process, from `start` up to `end`. Addresses. */
export interface CodeRange {
  readonly start: bigint
  readonly end: bigint
  readonly table: UnwindTable
  /** `address = link-time address + bias` */
  readonly bias: bigint
  /** For code of ring3's own: by row, the program's address that is meant, or OF_CALLER. */
  readonly originals?: BigUint64Array
}

/** A routine: its caller stands for it. */
export const OF_CALLER = 1n

/**
 * What handlers in a target walk stacks by. The tracer writes it, then publishes it in CONTROL.stackTables; it is never changed
 * or moved, but for the cache. Offsets in bytes, from the beginning of the tables.
 *
 *     cache     2^CACHE_SHIFT entries of 64 bits, zero at first, written by threads: in the upper half a rule, in the lower one
 *               the lower half of what CACHE_FACTOR makes of an address; its other bits are the entry's number
 *     count     64 bits
 *     ranges    RANGE.size bytes each, ascending
 *     rows      of each range: the addresses where they begin, from the range's `base` on, 32 bits each, then their rules, then,
 *               for code of ring3's own, the program's addresses, 64 bits each
 */
export const CACHE_SHIFT = 15
export const CACHE_BYTES = 8 << CACHE_SHIFT

/** An odd number: what it makes of the 47 bits of an address, of which the upper 47 count, tells the address. */
export const CACHE_FACTOR = BigInt.asUintN(64, 0x9e3779b97f4bn << 17n)

/** From the end of the cache on. */
export const RANGES = { count: 0, first: 8 } as const

export const RANGE = {
  start: 0,
  end: 8,
  base: 16,
  /** Offsets from the beginning of the tables. */
  rows: 24,
  count: 32,
  /** The same, of the program's addresses; else 0. */
  originals: 40,
  size: 48,
} as const

/** With the cache. */
export function stackTablesSize(ranges: readonly CodeRange[]): number {
  const rows = ranges.reduce((sum, { table }) => sum + table.count, 0)
  return CACHE_BYTES + RANGES.first + RANGE.size * ranges.length + 8 * rows
}

/** What follows the cache. */
export function encodeStackTables(ranges: readonly CodeRange[]): Buffer {
  const sorted = ranges.toSorted((a, b) => (a.start < b.start ? -1 : 1))
  const headSize = RANGES.first + RANGE.size * sorted.length
  const head = Buffer.alloc(headSize)
  head.writeBigUInt64LE(BigInt(sorted.length), RANGES.count)
  const columns: Uint8Array[] = []
  let rows = headSize
  for (const [index, { start, end, bias, table, originals }] of sorted.entries()) {
    const at = RANGES.first + RANGE.size * index
    head.writeBigUInt64LE(start, at + RANGE.start)
    head.writeBigUInt64LE(end, at + RANGE.end)
    head.writeBigUInt64LE(BigInt.asUintN(64, bias + BigInt(table.base)), at + RANGE.base)
    head.writeBigUInt64LE(BigInt(CACHE_BYTES + rows), at + RANGE.rows)
    head.writeBigUInt64LE(BigInt(table.count), at + RANGE.count)
    columns.push(bytesOf(table.starts), bytesOf(table.rules))
    rows += 8 * table.count
    if (originals === undefined) continue
    head.writeBigUInt64LE(BigInt(CACHE_BYTES + rows), at + RANGE.originals)
    columns.push(bytesOf(originals))
    rows += 8 * table.count
  }
  return Buffer.concat([head, ...columns])
}

/** Little-endian, as this processor is. */
function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | BigUint64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
