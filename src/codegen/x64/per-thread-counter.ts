import { assert } from '../../bytes/assert.js'
import { type CounterLayout, DIRECTORY_OFFSET, LIVE_OFFSET } from '../../store/counter-layout.js'
import { type Assembler, type Label, RAX, RBX, RCX, RDI, RDX, type Register, RSI, RSP } from './assembler.js'
import type { CounterForm, CounterSupport, Increment } from './counter-form.js'

/**
 * Each thread has a block of its own, found by hashing its thread pointer (`%fs:0`, glibc and musl), and increments it
 * with one plain instruction: exact under preemption, migration and signals, since no other thread writes there.
 */
export function perThreadCounter(factor: number): CounterForm {
  return {
    name: 'per-thread',
    scratchRegisters: 2,
    emitIncrement: (increment) => emitFast(increment, factor),
    emitSupport: (asm, support) => emitSlow(asm, support, factor),
  }
}

function emitFast({ asm, support, scratch, counterOffset, redZone }: Increment, factor: number): () => void {
  const [key, block] = scratch
  assert(key !== undefined && block !== undefined, 'two scratch registers')
  const cold: Label = { position: undefined }
  const back: Label = { position: undefined }
  asm.loadThreadPointer(key)
  emitHash(asm, block, key, support.layout, factor)
  asm.shiftLeft64(block, support.layout.strideShift)
  asm.addFrom(block, support.blocks)
  asm.compareMemory(block, 0, key)
  asm.jumpIfNotEqual(cold)
  asm.incrementMemory(block, counterOffset)
  asm.bind(back)
  return () => {
    asm.bind(cold)
    asm.moveStack(-redZone)
    asm.pushImmediate(counterOffset)
    asm.call(support.slow)
    asm.moveStack(8 + redZone)
    asm.jump(back)
  }
}

/** Fibonacci hashing: the top bits of the product choose the block. */
function emitHash(asm: Assembler, index: Register, key: Register, layout: CounterLayout, factor: number): void {
  assert(layout.blocks > 1, 'a table has more than one block')
  asm.multiply32(index, key, factor)
  asm.shiftRight32(index, 32 - Math.log2(layout.blocks))
}

const saved = [RAX, RBX, RCX, RDX, RSI, RDI]
/** Above the saved registers and the return address. */
const OFFSET_ON_STACK = 8 * (saved.length + 1)

/**
 * The block at a key's hash belongs to another thread, or to nobody yet: probe on, claim the first free one. Keeps every
 * register; the flags are the caller's to lose. Stack on entry: return address, counter offset.
 */
function emitSlow(asm: Assembler, support: CounterSupport, factor: number): void {
  const { layout } = support
  const found: Label = { position: undefined }
  const done: Label = { position: undefined }
  asm.bind(support.slow)
  for (const register of saved) asm.push(register)
  asm.loadFrom(RDI, support.blocks)
  // A forked child finds this memory wiped: it counts nothing.
  asm.compareMemoryZero(RDI, LIVE_OFFSET - layout.blocksOffset)
  asm.jumpIfEqual(done)
  asm.loadThreadPointer(RSI)
  emitHash(asm, RDX, RSI, layout, factor)
  emitProbe(asm, layout, found)
  // The table is full: everybody else shares one block.
  asm.load(RDX, RSP, OFFSET_ON_STACK)
  asm.addRegister(RDI, RDX)
  assert(layout.overflowOffset !== undefined, 'a table can be full')
  asm.lockedIncrementMemory(RDI, layout.overflowOffset - layout.blocksOffset)
  asm.jump(done)
  asm.bind(found)
  asm.load(RDX, RSP, OFFSET_ON_STACK)
  asm.addRegister(RBX, RDX)
  asm.incrementMemory(RBX, 0)
  asm.bind(done)
  for (const register of saved.toReversed()) asm.pop(register)
  asm.return()
}

/** From block number rdx on, with the key in rsi and the blocks at rdi: to `found` with the block in rbx, or falls out. */
function emitProbe(asm: Assembler, layout: CounterLayout, found: Label): void {
  const probe: Label = { position: undefined }
  const next: Label = { position: undefined }
  asm.moveImmediate32(RCX, layout.blocks)
  asm.bind(probe)
  asm.moveRegister(RBX, RDX)
  asm.shiftLeft64(RBX, layout.strideShift)
  asm.addRegister(RBX, RDI)
  asm.compareMemory(RBX, 0, RSI)
  asm.jumpIfEqual(found)
  asm.compareMemoryZero(RBX, 0)
  asm.jumpIfNotEqual(next)
  // In the directory before the claim: a thread that dies in between leaves no block in use that nobody reads.
  asm.storeByteIndexed(RDI, RDX, DIRECTORY_OFFSET - layout.blocksOffset, 1)
  asm.moveImmediate32(RAX, 0)
  asm.compareExchange(RBX, RSI)
  asm.jumpIfEqual(found)
  // A signal handler of this very thread may have claimed the block in between.
  asm.compareRegisters(RAX, RSI)
  asm.jumpIfEqual(found)
  asm.bind(next)
  asm.increment32(RDX)
  asm.and32(RDX, layout.blocks - 1)
  asm.decrement32(RCX)
  asm.jumpIfNotEqual(probe)
}
