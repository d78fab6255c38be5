import { type Address, address, offsetBy, PAGE_SIZE } from '../bytes/address.js'
import { isError, type KernelDoor } from '../kernel/door.js'
import { O_RDONLY, type OpenFile, openFile } from '../kernel/files.js'
import { KernelError } from '../kernel/kernel-error.js'
import type { MemoryRange } from './memory.js'

const ENTRY_SIZE = 8
/** In the upper half of an entry: the page is in memory, or in the swap (Documentation/admin-guide/mm/pagemap.rst). */
const IS_THERE = 0xc000_0000
const CHUNK = 1 << 16

/** Which pages of an address space exist: others, of private memory, are zero. */
export class PageMap implements Disposable {
  private constructor(
    private readonly door: KernelDoor,
    private readonly file: OpenFile,
  ) {}

  /** Of the address space that the thread has now; undefined where the kernel does not tell. */
  static open(door: KernelDoor, pid: number, tid: number): PageMap | undefined {
    try {
      return new PageMap(door, openFile(door, `/proc/${pid}/task/${tid}/pagemap`, O_RDONLY))
    } catch (error) {
      if (error instanceof KernelError) return undefined
      throw error
    }
  }

  /** The parts of a range that exist, in order; undefined when the address space is gone. */
  present({ start, size }: MemoryRange): MemoryRange[] | undefined {
    const first = start / BigInt(PAGE_SIZE)
    const pages = Number(offsetBy(start, size + PAGE_SIZE - 1) / BigInt(PAGE_SIZE) - first)
    const entries = this.#entries(first, pages)
    if (entries === undefined) return undefined
    const parts: MemoryRange[] = []
    let from: number | undefined
    for (let page = 0; page <= pages; page++) {
      const isThere = page < pages && (entries.readUInt32LE(ENTRY_SIZE * page + 4) & IS_THERE) !== 0
      if (isThere) from ??= page
      else if (from !== undefined) {
        parts.push(within({ start, size }, address((first + BigInt(from)) * BigInt(PAGE_SIZE)), page - from))
        from = undefined
      }
    }
    return parts
  }

  #entries(first: bigint, pages: number): Buffer | undefined {
    const entries = Buffer.alloc(ENTRY_SIZE * pages)
    for (let done = 0; done < entries.length; ) {
      const part = entries.subarray(done, done + CHUNK)
      const args = [this.file.fd, part, part.length, first * BigInt(ENTRY_SIZE) + BigInt(done)]
      const got = this.door.invoke({ name: 'pread64', args, purpose: 'the target’s pages' })
      if (isError(got) || got === 0) return undefined
      done += got
    }
    return entries
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]()
  }
}

function within({ start, size }: MemoryRange, pagesStart: Address, pages: number): MemoryRange {
  const from = pagesStart < start ? start : pagesStart
  const end = offsetBy(pagesStart, pages * PAGE_SIZE)
  const last = offsetBy(start, size)
  return { start: from, size: Number((end < last ? end : last) - from) }
}
