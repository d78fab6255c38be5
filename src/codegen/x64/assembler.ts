import { type Address, distance, offsetBy } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import { StackLog, type StackState } from './stack-log.js'

/** A general register by its hardware number: rax 0 … r15 15. */
export type Register = number

export const RAX = 0
export const RCX = 1
export const RDX = 2
export const RBX = 3
export const RSP = 4
export const RSI = 6
export const RDI = 7

/** A place in the code, bound once and referred to from anywhere. */
export interface Label {
  position: number | undefined
  /** What whoever jumps there has on the stack; unknown as long as nobody does. */
  stack?: StackState
}

interface Fixup {
  /** Where the 32-bit displacement stands. */
  readonly at: number
  readonly label: Label
  readonly addend: number
}

/** Most handlers and counters are shorter. */
const FIRST_BYTES = 512

/** Emits the few instruction forms that ring3 generates, at a known address. Opcodes from the SDM, volume 2. */
export class Assembler {
  private bytes = Buffer.allocUnsafe(FIRST_BYTES)
  private length = 0
  private readonly fixups: Fixup[] = []
  /** What the code has on the stack. */
  readonly stack = new StackLog()

  constructor(readonly base: Address) {}

  get position(): number {
    return this.length
  }

  /** The target address of the next byte. */
  get here(): Address {
    return offsetBy(this.base, this.position)
  }

  emit(...bytes: readonly number[]): void {
    this.makeRoom(bytes.length)
    for (const byte of bytes) this.bytes[this.length++] = byte
  }

  append(bytes: Uint8Array): void {
    this.makeRoom(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  private makeRoom(size: number): void {
    if (this.length + size <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.length + size))
    larger.set(this.bytes)
    this.bytes = larger
  }

  align(boundary: number, fill = 0xcc): void {
    while (this.position % boundary !== 0) this.emit(fill)
  }

  imm32(value: number): void {
    this.makeRoom(4)
    this.length = this.bytes.writeInt32LE(value | 0, this.length)
  }

  quad(value: bigint): void {
    this.makeRoom(8)
    this.length = this.bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.length)
  }

  bind(label: Label): void {
    assert(label.position === undefined, 'a label is bound once')
    label.position = this.position
    if (label.stack !== undefined) this.stack.reach(this.position, label.stack)
  }

  /** The distance to a label that is jumped to. */
  branch(label: Label): void {
    label.stack ??= this.stack.state
    this.rel32(label)
  }

  /** The distance from the end of these four bytes to `addend` bytes behind the label. */
  rel32(label: Label, addend = 0): void {
    this.fixups.push({ at: this.position, label, addend })
    this.imm32(0)
  }

  /** `[REX] opcode ModRM` with a register as r/m operand. */
  private registerForm(wide: boolean, reg: number, rm: Register, ...opcode: readonly number[]): void {
    this.rex(wide, reg, rm)
    this.emit(...opcode, 0xc0 | ((reg & 7) << 3) | (rm & 7))
  }

  /** `[REX] opcode ModRM [SIB] disp32` with `[base + displacement]` as r/m operand. */
  private memoryForm(reg: number, base: Register, displacement: number, ...opcode: readonly number[]): void {
    this.rex(true, reg, base)
    this.emit(...opcode, 0x80 | ((reg & 7) << 3) | (base & 7))
    if ((base & 7) === RSP) this.emit(0x24)
    this.imm32(displacement)
  }

  private ripForm(reg: number, label: Label, ...opcode: readonly number[]): void {
    this.rex(true, reg, 0)
    this.emit(...opcode, ((reg & 7) << 3) | 5)
    this.rel32(label)
  }

  private rex(wide: boolean, reg: number, rm: number): void {
    const prefix = 0x40 | (wide ? 8 : 0) | (reg > 7 ? 4 : 0) | (rm > 7 ? 1 : 0)
    if (prefix !== 0x40) this.emit(prefix)
  }

  /** `mov %fs:0, reg`: the thread pointer of the System V ABI. */
  loadThreadPointer(reg: Register): void {
    this.emit(0x64, 0x48 | (reg > 7 ? 4 : 0), 0x8b, 0x04 | ((reg & 7) << 3), 0x25, 0, 0, 0, 0)
  }

  moveRegister(to: Register, from: Register): void {
    this.registerForm(true, from, to, 0x89)
  }

  moveImmediate32(to: Register, value: number): void {
    this.rex(false, 0, to)
    this.emit(0xb8 | (to & 7))
    this.imm32(value)
  }

  multiply32(to: Register, from: Register, factor: number): void {
    this.registerForm(false, to, from, 0x69)
    this.imm32(factor)
  }

  shiftRight32(reg: Register, count: number): void {
    this.registerForm(false, 5, reg, 0xc1)
    this.emit(count)
  }

  shiftLeft64(reg: Register, count: number): void {
    this.registerForm(true, 4, reg, 0xc1)
    this.emit(count)
  }

  and32(reg: Register, value: number): void {
    this.registerForm(false, 4, reg, 0x81)
    this.imm32(value)
  }

  increment32(reg: Register): void {
    this.registerForm(false, 0, reg, 0xff)
  }

  decrement32(reg: Register): void {
    this.registerForm(false, 1, reg, 0xff)
  }

  addRegister(to: Register, from: Register): void {
    this.registerForm(true, from, to, 0x01)
  }

  compareRegisters(left: Register, right: Register): void {
    this.registerForm(true, right, left, 0x39)
  }

  addFrom(to: Register, label: Label): void {
    this.ripForm(to, label, 0x03)
  }

  loadFrom(to: Register, label: Label): void {
    this.ripForm(to, label, 0x8b)
  }

  load(to: Register, base: Register, displacement: number): void {
    this.memoryForm(to, base, displacement, 0x8b)
  }

  compareMemory(base: Register, displacement: number, reg: Register): void {
    this.memoryForm(reg, base, displacement, 0x39)
  }

  /** `cmpq $0, displacement(base)` */
  compareMemoryZero(base: Register, displacement: number): void {
    this.memoryForm(7, base, displacement, 0x83)
    this.emit(0)
  }

  /** `movb $value, displacement(base, index)` */
  storeByteIndexed(base: Register, index: Register, displacement: number, value: number): void {
    assert(base < 8 && index < 8 && index !== RSP, 'low registers only')
    this.emit(0xc6, 0x84, (index << 3) | base)
    this.imm32(displacement)
    this.emit(value)
  }

  incrementMemory(base: Register, displacement: number): void {
    this.memoryForm(0, base, displacement, 0xff)
  }

  lockedIncrementMemory(base: Register, displacement: number): void {
    this.emit(0xf0)
    this.memoryForm(0, base, displacement, 0xff)
  }

  /** `lock cmpxchg reg, (base)`: compares with rax. */
  compareExchange(base: Register, reg: Register): void {
    this.emit(0xf0)
    this.memoryForm(reg, base, 0, 0x0f, 0xb1)
  }

  readProcessorId(reg: Register): void {
    this.emit(0xf3)
    this.registerForm(false, 7, reg, 0x0f, 0xc7)
  }

  push(reg: Register): void {
    this.rex(false, 0, reg)
    this.emit(0x50 | (reg & 7))
    this.stack.push(this.position, reg)
  }

  pop(reg: Register): void {
    this.rex(false, 0, reg)
    this.emit(0x58 | (reg & 7))
    this.stack.pop(this.position, reg)
  }

  pushImmediate(value: number): void {
    this.emit(0x68)
    this.imm32(value)
    this.stack.push(this.position)
  }

  /** `lea delta(%rsp), %rsp`: moves the stack pointer without touching flags. */
  moveStack(delta: number): void {
    if (delta === 0) return
    if (delta >= -128 && delta < 128) this.emit(0x48, 0x8d, 0x64, 0x24, delta)
    else {
      this.emit(0x48, 0x8d, 0xa4, 0x24)
      this.imm32(delta)
    }
    this.stack.move(this.position, delta)
  }

  /** `lahf; seto %al`: the arithmetic flags into ax, at a tenth of pushfq's price. */
  saveFlags(): void {
    this.emit(0x9f, 0x0f, 0x90, 0xc0)
  }

  /** `add $127, %al; sahf`: overflow again by the addition, the others from ah. */
  restoreFlags(): void {
    this.emit(0x04, 0x7f, 0x9e)
  }

  jumpIfNotEqual(label: Label): void {
    this.emit(0x0f, 0x85)
    this.branch(label)
  }

  jumpIfEqual(label: Label): void {
    this.emit(0x0f, 0x84)
    this.branch(label)
  }

  jump(label: Label): void {
    this.emit(0xe9)
    this.branch(label)
    this.stack.leave(this.position)
  }

  call(label: Label): void {
    this.emit(0xe8)
    this.rel32(label)
  }

  return(): void {
    this.emit(0xc3)
    this.stack.leave(this.position)
  }

  /** The code, with every reference resolved. */
  finish(): Buffer {
    const code = Buffer.from(this.bytes.subarray(0, this.length))
    for (const { at, label, addend } of this.fixups) {
      assert(label.position !== undefined, 'every label is bound')
      code.writeInt32LE(label.position + addend - (at + 4), at)
    }
    return code
  }

  /** Whether a rel32 displacement ending at `from` reaches `to`. */
  static reaches(from: Address, to: Address): boolean {
    const delta = distance(from, to)
    return delta >= -0x8000_0000n && delta <= 0x7fff_ffffn
  }
}
