import { type Address, address, offsetBy } from '../bytes/address.js'
import type { Memory } from './memory.js'
import type { Mapping } from './memory-map.js'
import { UC_CS, UC_GREGS, UC_RSP } from './signal-frame.js'
import type { StoppedThread } from './thread.js'

/** `mov $15,%rax; syscall` as glibc, musl and Go have it, and `mov $15,%eax; syscall`: what a handler returns to. */
const restorerCode = [Buffer.from('48c7c00f0000000f05', 'hex'), Buffer.from('b80f0000000f05', 'hex')]
const USER_CS = 0x33
/** How far above the stack pointer a frame is looked for: handlers that go deeper than this are not expected. */
const SCAN_BYTES = 65536
/** Signal handlers nested in one thread. */
const MAX_NESTING = 8

/** A signal frame on a stack: the thread goes on from its registers once the handler returns. */
export interface SavedFrame {
  /** Address of the general registers in it. */
  readonly gregs: Address
}

/** Every address in executable memory that signal handlers may return to. Read once, before any stop. */
export function findRestorers(memory: Memory, maps: readonly Mapping[]): Address[] {
  return maps
    .filter((mapping) => mapping.executable && mapping.path !== '[vsyscall]')
    .flatMap((mapping) =>
      restorersIn(memory.tryRead(mapping.start, Number(mapping.end - mapping.start)), mapping.start),
    )
}

function restorersIn(text: Buffer, base: Address): Address[] {
  const found: Address[] = []
  for (const code of restorerCode) {
    for (let at = text.indexOf(code); at >= 0; at = text.indexOf(code, at + 1)) found.push(offsetBy(base, at))
  }
  return found
}

/** The signal frames on a stopped thread's stacks, nested ones on alternate stacks too. */
export function savedFrames(memory: Memory, thread: StoppedThread, restorers: readonly Address[]): SavedFrame[] {
  const words = restorers.map(littleEndian)
  const found: SavedFrame[] = []
  const stacks = [address(thread.registers.get('rsp'))]
  for (let nesting = 0; nesting < MAX_NESTING; nesting++) {
    const stackPointer = stacks.pop()
    if (stackPointer === undefined) break
    const from = address(stackPointer & ~7n)
    const stack = memory.tryRead(from, SCAN_BYTES)
    for (const at of positions(stack, words)) {
      const frame = readFrame(stack, at)
      if (frame === undefined) continue
      found.push({ gregs: offsetBy(from, at + 8 + UC_GREGS) })
      if (frame.rsp < from || frame.rsp > offsetBy(from, stack.length)) stacks.push(frame.rsp)
    }
  }
  return found
}

function positions(stack: Buffer, words: readonly Buffer[]): number[] {
  const found: number[] = []
  for (const word of words) {
    for (let at = stack.indexOf(word); at >= 0; at = stack.indexOf(word, at + 8)) if (at % 8 === 0) found.push(at)
  }
  return found
}

/** struct rt_sigframe: return address, ucontext, siginfo (arch/x86/include/asm/sigframe.h). */
function readFrame(stack: Buffer, at: number): { readonly rsp: Address } | undefined {
  const ucontext = at + 8
  if (ucontext + UC_CS + 8 > stack.length || stack.readUInt16LE(ucontext + UC_CS) !== USER_CS) return undefined
  return { rsp: address(stack.readBigUInt64LE(ucontext + UC_RSP)) }
}

function littleEndian(value: Address): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}
