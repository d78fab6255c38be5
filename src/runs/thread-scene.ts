import { type Address, offsetBy, PAGE_SIZE, pageOf } from '../bytes/address.js'
import type { StackScene } from '../stacks/stack-scene.js'
import type { CodeRange } from '../store/stack-tables.js'
import type { Memory } from '../target/memory.js'

const WORD = 8

/** What of a process a walk asks that is the same for all its threads. */
export interface ProcessCode extends Pick<StackScene, 'unwindingAt' | 'settle'> {
  /** All modules that it has code of now; the same array as long as they are the same. @throws KernelError */
  ranges(): readonly CodeRange[]
}

/** The memory of a process whose thread stands still, for one walk: every page of the stack is read once. */
export function threadScene(memory: Memory, code: ProcessCode): StackScene {
  const pages = new Map<Address, Buffer>()
  const pageAt = (at: Address): Buffer => {
    const page = pages.get(at) ?? memory.tryRead(at, PAGE_SIZE)
    pages.set(at, page)
    return page
  }
  return {
    readWord(at) {
      const page = pageOf(at)
      const offset = Number(at - page)
      if (offset + WORD > PAGE_SIZE) return acrossPages(pageAt(page), pageAt(offsetBy(page, PAGE_SIZE)), offset)
      const bytes = pageAt(page)
      return offset + WORD <= bytes.length ? bytes.readBigUInt64LE(offset) : undefined
    },
    unwindingAt: (pc) => code.unwindingAt(pc),
    settle: (frame) => code.settle(frame),
  }
}

function acrossPages(first: Buffer, second: Buffer, offset: number): bigint | undefined {
  const bytes = Buffer.concat([first.subarray(offset), second.subarray(0, WORD - PAGE_SIZE + offset)])
  return bytes.length === WORD ? bytes.readBigUInt64LE() : undefined
}
