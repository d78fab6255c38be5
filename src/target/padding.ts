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
  const loaded = module.image.segments.filter(({ type }) => type === PT.LOAD)
  const code = loaded
    .filter(({ executable }) => executable)
    .map((each) => restOfPage(module, each, each.fileSize, CODE_ALIGNMENT))
  const data = loaded
    .filter(({ writable }) => writable)
    .map((each) => restOfPage(module, each, each.memorySize, DATA_ALIGNMENT))
  const best = { code: largestZero(memory, code), data: largestZero(memory, data) }
  return best.code === undefined || best.data === undefined ? undefined : { code: best.code, data: best.data }
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
