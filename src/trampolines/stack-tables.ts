import { assert } from '../bytes/assert.js'
import type { ProgramCode } from '../probe/program-plan.js'
import { CONTROL, type ProgramLayout } from '../store/program-layout.js'
import { CACHE_BYTES, type CodeRange, encodeStackTables } from '../store/stack-tables.js'
import type { PlacedBytes } from '../target/area.js'
import { roundToPage } from '../target/placement.js'
import { areaRange } from './area-range.js'
import type { AreaCode } from './hit-work.js'

/** The tables that a program's handlers walk stacks by, in the data area, and those that take their place when the target maps more. */
export class StackTables {
  #areas: readonly CodeRange[] = []
  #end = 0

  constructor(
    private readonly code: Pick<ProgramCode, 'stackRanges' | 'stackStartAt'>,
    private readonly layout: ProgramLayout,
  ) {}

  /** Those that the program begins with; undefined if it takes no stacks. */
  first(areas: readonly AreaCode[]): PlacedBytes | undefined {
    const { stackRanges, stackStartAt } = this.code
    if (stackRanges.length === 0) return undefined
    this.#areas = areas.map((area) => areaRange(area, stackStartAt))
    this.#end = this.layout.stackTablesOffset
    const tables = this.#place(stackRanges)
    assert(tables !== undefined, 'there is room for the first tables')
    return tables
  }

  /**
   * Tables for what there is now. Threads may be at work with the old ones, so that these stay. Nothing changes when there
   * is no more room.
   */
  renew(ranges: readonly CodeRange[], write: (offset: number, bytes: Uint8Array) => void): void {
    const tables = this.#place(ranges)
    if (tables === undefined) return
    write(tables.offset, tables.bytes)
    const word = Buffer.alloc(8)
    word.writeBigUInt64LE(BigInt(tables.offset - CACHE_BYTES))
    write(CONTROL.stackTables, word)
  }

  /** Behind a cache of their own, which is empty. */
  #place(ranges: readonly CodeRange[]): PlacedBytes | undefined {
    const bytes = encodeStackTables([...ranges, ...this.#areas])
    const offset = this.#end + CACHE_BYTES
    const end = roundToPage(offset + bytes.length)
    if (end > this.layout.size) return undefined
    this.#end = end
    return { offset, bytes }
  }
}
