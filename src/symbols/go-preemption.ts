import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import type { ElfImage } from '../elf/elf-image.js'
import { malformedAsRefusal } from '../elf/malformed-as-refusal.js'
import { isRefusal } from '../refusal/refusal.js'
import type { AddressRanges } from './address-ranges.js'
import { isGo } from './go-binary.js'
import { GO_1_18, GO_1_20, type Pclntab, readPclntab } from './go-pclntab.js'

/** Where the fields of the runtime's `_func` are (runtime/runtime2.go, since Go 1.18). */
interface RecordLayout {
  readonly flag: number
  readonly functionDataCount: number
  /** Offsets of program counter tables, by kind; function data follow. */
  readonly counterTables: number
}

const recordLayouts: ReadonlyMap<number, RecordLayout> = new Map([
  [GO_1_18, { flag: 37, functionDataCount: 39, counterTables: 40 }],
  [GO_1_20, { flag: 41, functionDataCount: 43, counterTables: 44 }],
])
const COUNTER_TABLE_COUNT = 28

/** `funcFlag_ASM`: assembly, in which the runtime does not know what the stack holds. */
const ASSEMBLY = 4
/** `_FUNCDATA_LocalsPointerMaps`, and what says that there is none. Code without is C, or assembly. */
const LOCALS_POINTER_MAPS = 1
const NO_FUNCTION_DATA = 0xffffffff
/** `_PCDATA_UnsafePoint` is kind 0; -1 is its default, safe; what goes on elsewhere than it stopped is safe too. */
const SAFE = -1
const UNSAFE = -2

const nothing = new Float64Array()
const everything = Float64Array.of(0, Number.POSITIVE_INFINITY)

/**
 * Where Go's runtime may suspend a goroutine: `[start0, end0, …]`. Since Go 1.14 a signal may do that at any instruction
 * (runtime/preempt.go, `isAsyncSafePoint`) but those that the compiler has marked as unsafe, stack checks among them;
 * and of no function that is assembly. Functions that the runtime exempts by name count as any other. Where the marks
 * cannot be read (Go before 1.18), everything.
 */
export function preemptibleRanges(image: ElfImage, text: AddressRanges): Float64Array {
  const table = malformedAsRefusal(() => readPclntab(image))
  if (table === undefined || isRefusal(table)) return isGo(image) ? everything : nothing
  const layout = recordLayouts.get(table.magic)
  if (layout === undefined) return everything
  const ranges = malformedAsRefusal(() => unmarkedRanges(table, layout, text))
  return isRefusal(ranges) ? everything : ranges
}

function unmarkedRanges(table: Pclntab, layout: RecordLayout, text: AddressRanges): Float64Array {
  const bounds: number[] = []
  const entries = readerAt(table.bytes, table.functionTable)
  let start = (table.textStart ?? 0) + entries.u32()
  for (let row = 0; row < table.functionCount; row++) {
    const record = table.functionTable + entries.u32()
    const end = (table.textStart ?? 0) + entries.u32()
    if (end < start) throw new MalformedInput(`.gopclntab is not sorted at ${start}`)
    const range = text.indexOf(start)
    if (range >= 0)
      addFunction(table, markTable(table, layout, record), start, Math.min(end, text.ends[range] ?? 0), bounds)
    start = end
  }
  return Float64Array.from(bounds)
}

/** Offset of a function's table of marks, 0 where it has none; undefined for code that is never suspended. */
function markTable({ bytes }: Pclntab, layout: RecordLayout, record: number): number | undefined {
  const counterTables = readerAt(bytes, record + COUNTER_TABLE_COUNT).u32()
  const functionData = record + layout.counterTables + 4 * counterTables
  const hasMaps =
    readerAt(bytes, record + layout.functionDataCount).u8() > LOCALS_POINTER_MAPS &&
    readerAt(bytes, functionData + 4 * LOCALS_POINTER_MAPS).u32() !== NO_FUNCTION_DATA
  const isAssembly = (readerAt(bytes, record + layout.flag).u8() & ASSEMBLY) !== 0
  if (!hasMaps || isAssembly) return undefined
  return counterTables > 0 ? readerAt(bytes, record + layout.counterTables).u32() : 0
}

/**
 * Adds what of a function is not marked as unsafe. A table is pairs: change of the value, bytes that have it; no change
 * ends it, where only padding follows (`step` in runtime/symtab.go).
 */
function addFunction(table: Pclntab, marks: number | undefined, start: number, end: number, bounds: number[]): void {
  if (marks === undefined) return
  if (marks === 0) {
    addRange(bounds, start, end)
    return
  }
  const reader = readerAt(table.bytes, table.counterTables + marks)
  let value = SAFE
  for (let at = start; at < end; ) {
    const change = reader.uleb()
    if (change === 0 && at > start) {
      addRange(bounds, at, end)
      return
    }
    value = (value + zigzag(change)) | 0
    const length = reader.uleb()
    if (length === 0) throw new MalformedInput(`a program counter table at ${marks} stands still`)
    const next = Math.min(at + length, end)
    if (value !== UNSAFE) addRange(bounds, at, next)
    at = next
  }
}

function readerAt(bytes: Uint8Array, offset: number): ByteReader {
  const reader = new ByteReader(bytes)
  reader.seek(offset)
  return reader
}

function zigzag(value: number): number {
  return -(value & 1) ^ (value >>> 1)
}

/** Joins a range with the one that ends where it starts. */
function addRange(bounds: number[], start: number, end: number): void {
  if (start >= end) return
  if (bounds.at(-1) === start) bounds.pop()
  else bounds.push(start)
  bounds.push(end)
}
