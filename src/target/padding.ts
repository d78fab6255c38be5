import { type Address, address, offsetBy, PAGE_SIZE } from '../bytes/address.js'
import type { Segment } from '../elf/program-headers.js'
import { PT } from '../elf/program-headers.js'
import type { Memory, MemoryRange } from './memory.js'
import type { LoadedModule } from './module.js'

/**
 * Memory of a module that is mapped but belongs to nothing: what is left of the last page of its code, and of its .bss.
 * Enough for a few probes where nothing may be mapped.
 */
export interface Padding {
  readonly code: MemoryRange
  readonly data: MemoryRange
}

const CODE_ALIGNMENT = 16n
const DATA_ALIGNMENT = 8n

/** The padding of a module, if it is there and all zero. */
export function findPadding(memory: Memory, module: LoadedModule): Padding | undefined {
  const code = largestZero(memory, codePadding(module))
  const data = largestZero(memory, dataPadding(module))
  return code === undefined || data === undefined ? undefined : { code, data }
}

/** What is left of the last page of each segment with code. */
export function codePadding(module: LoadedModule): MemoryRange[] {
  const segments = module.image.segments.filter(({ type, executable }) => type === PT.LOAD && executable)
  return segments.map((each) => restOfPage(module, each, each.fileSize, CODE_ALIGNMENT))
}

/** What is left of the last page of each segment with variables. */
export function dataPadding(module: LoadedModule): MemoryRange[] {
  const segments = module.image.segments.filter(({ type, writable }) => type === PT.LOAD && writable)
  return segments.map((each) => restOfPage(module, each, each.memorySize, DATA_ALIGNMENT))
}

function restOfPage(module: LoadedModule, segment: Segment, size: number, alignment: bigint): MemoryRange {
  const used: Address = offsetBy(address(module.bias), segment.vaddr + size)
  const start = address((used + alignment - 1n) & ~(alignment - 1n))
  return { start, size: (PAGE_SIZE - Number(start % BigInt(PAGE_SIZE))) % PAGE_SIZE }
}

function largestZero(memory: Memory, ranges: readonly MemoryRange[]): MemoryRange | undefined {
  return ranges.filter((range) => range.size > 0 && isZero(memory, range)).toSorted((a, b) => b.size - a.size)[0]
}

function isZero(memory: Memory, { start, size }: MemoryRange): boolean {
  const bytes = memory.tryRead(start, size)
  return bytes.length === size && bytes.every((byte) => byte === 0)
}
