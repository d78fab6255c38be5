import { type Address, address, offsetBy } from '../bytes/address.js'
import type { Memory } from './memory.js'
import { type Mapping, mappingAt } from './memory-map.js'
import { UC_CS, UC_GREGS, UC_RSP } from './signal-frame.js'
import type { StoppedThread } from './thread.js'

/** `mov $15,%rax; syscall` as glibc, musl and Go have it, and `mov $15,%eax; syscall`: what a handler returns to. */
const restorerBegins = [Buffer.from('48c7c0', 'hex'), Buffer.from('b8', 'hex')]
const restorerEnd = Buffer.from('0f0000000f05', 'hex')
const USER_CS = 0x33
/** How far above the stack pointer a frame is looked for: handlers that go deeper than this are not expected. */
const SCAN_BYTES = 65536
/** Stacks read with one call. */
const BATCH = 64
/** Signal handlers nested in one thread. */
const MAX_NESTING = 8
/** What one call reads: its memory is there before the first stop. */
const scratch = Buffer.alloc(BATCH * SCAN_BYTES, 1)

/** A signal frame on a stack: the thread goes on from its registers once the handler returns. */
export interface SavedFrame {
  readonly tid: number
  /** Address of the general registers in it. */
  readonly gregs: Address
}

/** Where to look for a thread's frames, upwards. */
interface Stack {
  readonly tid: number
  readonly from: Address
}

/** Every address in executable memory that signal handlers may return to. Read once, before any stop. */
export function findRestorers(memory: Memory, maps: readonly Mapping[]): Address[] {
  return maps
    .filter((mapping) => mapping.executable && mapping.path !== '[vsyscall]')
    .flatMap((mapping) => restorersIn(readText(memory, mapping), mapping.start))
}

/** A read that fails once is tried again: without restorers, signal frames would be overlooked. */
function readText(memory: Memory, { start, end }: Mapping): Buffer {
  const size = Number(end - start)
  const text = memory.tryRead(start, size)
  return text.length === size ? text : memory.tryRead(start, size)
}

/** Looked for by what all of them end with: all text of the target is read. */
function restorersIn(text: Buffer, base: Address): Address[] {
  const found: Address[] = []
  for (let at = text.indexOf(restorerEnd); at >= 0; at = text.indexOf(restorerEnd, at + 1)) {
    for (const begin of restorerBegins) {
      const start = at - begin.length
      if (start >= 0 && text.compare(begin, 0, begin.length, start, at) === 0) found.push(offsetBy(base, start))
    }
  }
  return found
}

/**
 * Finds the signal frames on the stacks of stopped threads, nested ones on alternate stacks too. Made before the stop: it
 * knows where stacks end.
 */
export class StackScanner {
  private readonly words: readonly number[]
  private readonly ends: readonly Mapping[]
  constructor(
    private readonly memory: Memory,
    restorers: readonly Address[],
    maps: readonly Mapping[],
  ) {
    this.words = restorers.map(asDouble)
    this.ends = maps.filter(({ writable }) => writable)
  }

  scan(threads: readonly StoppedThread[]): SavedFrame[] {
    const found: SavedFrame[] = []
    // From one word below: a thread on its way out of a handler has taken the frame's return address off already.
    let stacks = threads.map(({ tid, registers }) => ({ tid, from: address((registers.get('rsp') & ~7n) - 8n) }))
    for (let nesting = 0; nesting < MAX_NESTING && stacks.length > 0; nesting++) {
      const further: Stack[] = []
      for (let first = 0; first < stacks.length; first += BATCH) {
        this.scanStacks(stacks.slice(first, first + BATCH), found, further)
      }
      stacks = further
    }
    return found
  }

  private scanStacks(stacks: readonly Stack[], found: SavedFrame[], further: Stack[]): void {
    const ranges = stacks.map(({ from }) => ({ start: from, size: this.sizeOf(from) }))
    for (const [index, content] of this.memory.readMany(ranges, scratch).entries()) {
      const stack = stacks[index]
      if (stack === undefined) continue
      const { tid, from } = stack
      for (const at of positions(content, this.words)) {
        const frame = readFrame(content, at)
        if (frame === undefined) continue
        found.push({ tid, gregs: offsetBy(from, at + 8 + UC_GREGS) })
        if (frame.rsp < from || frame.rsp > offsetBy(from, content.length))
          further.push({ tid, from: address(frame.rsp & ~7n) })
      }
    }
  }

  private sizeOf(start: Address): number {
    const mapping = mappingAt(this.ends, start)
    return mapping === undefined ? SCAN_BYTES : Math.min(SCAN_BYTES, Number(mapping.end - start))
  }
}

/** Offsets of aligned words. Comparing them as doubles is ten times faster than any other search JavaScript offers. */
function positions(stack: Buffer, words: readonly number[]): number[] {
  const found: number[] = []
  const doubles = new Float64Array(stack.buffer, stack.byteOffset, Math.floor(stack.length / 8))
  for (const word of words) {
    for (let at = doubles.indexOf(word); at >= 0; at = doubles.indexOf(word, at + 1)) found.push(8 * at)
  }
  return found
}

/** struct rt_sigframe: return address, ucontext, siginfo (arch/x86/include/asm/sigframe.h). */
function readFrame(stack: Buffer, at: number): { readonly rsp: Address } | undefined {
  const ucontext = at + 8
  if (ucontext + UC_CS + 8 > stack.length || stack.readUInt16LE(ucontext + UC_CS) !== USER_CS) return undefined
  return { rsp: address(stack.readBigUInt64LE(ucontext + UC_RSP)) }
}

/** The double with the same bits: a user address is a tiny positive one, equal to no other. */
function asDouble(value: Address): number {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes.readDoubleLE()
}
