import { assert } from '../../../bytes/assert.js'
import type { Assembler, Label, Register } from '../assembler.js'
import { RSP } from '../assembler.js'
import type { Memory, Place, RegisterOrPlace, Width } from './operand.js'

const RBP = 5

/** Operations of the first eight opcode rows, by their number in ModRM.reg (SDM vol. 2, table A-2). */
const arithmetic = { add: 0, or: 1, adc: 2, sbb: 3, and: 4, sub: 5, xor: 6, cmp: 7 } as const
export type Arithmetic = keyof typeof arithmetic

const shifts = { shl: 4, shr: 5, sar: 7 } as const
export type Shift = keyof typeof shifts

/** Condition codes (SDM vol. 2, table B-10). The lowest bit negates. */
const conditions = { b: 2, ae: 3, e: 4, ne: 5, be: 6, a: 7, s: 8, ns: 9, l: 12, ge: 13, le: 14, g: 15 } as const
export type Condition = keyof typeof conditions

const negations: Readonly<Record<Condition, Condition>> = {
  b: 'ae',
  ae: 'b',
  e: 'ne',
  ne: 'e',
  be: 'a',
  a: 'be',
  s: 'ns',
  ns: 's',
  l: 'ge',
  ge: 'l',
  le: 'g',
  g: 'le',
}

export function negated(condition: Condition): Condition {
  return negations[condition]
}

interface Form {
  readonly width: Width
  readonly opcode: readonly number[]
  /** ModRM.reg: a register or a part of the opcode. */
  readonly reg: number
  /** The reg field is a register of one byte, which may need an empty REX. */
  readonly byteRegister?: boolean
  readonly prefix?: number
  readonly immediate?: readonly number[]
}

/** The instructions that programs are compiled to. 64 bits wide where nothing else is said. Opcodes from the SDM, volume 2. */
export class Encoder {
  constructor(readonly asm: Assembler) {}

  bind(label: Label): void {
    this.asm.bind(label)
  }

  /** Register to register, or between register and memory. */
  move(to: RegisterOrPlace, from: RegisterOrPlace): void {
    if (to === from) return
    if (typeof to === 'number') this.#form({ width: 8, opcode: [0x8b], reg: to }, from)
    else if (typeof from === 'number') this.store(to, from, 8)
    else assert(false, 'one side of a move is a register')
  }

  /** The low bytes of a register. */
  store(to: Place, from: Register, width: Width): void {
    this.#form({ width, opcode: [width === 1 ? 0x88 : 0x89], reg: from, byteRegister: width === 1 }, to)
  }

  /** Extended to 64 bits. */
  load(to: Register, from: RegisterOrPlace, width: Width, signed: boolean): void {
    if (width === 8) this.#form({ width: 8, opcode: [0x8b], reg: to }, from)
    else if (width === 4) this.#form({ width: signed ? 8 : 4, opcode: [signed ? 0x63 : 0x8b], reg: to }, from)
    else {
      const opcode = [0x0f, (signed ? 0xbe : 0xb6) + (width === 2 ? 1 : 0)]
      const byteSource = width === 1 && typeof from === 'number'
      this.#form({ width: signed ? 8 : 4, opcode, reg: to, byteRegister: byteSource }, from)
    }
  }

  /** The shortest form. Leaves the flags alone. */
  moveImmediate(to: Register, value: bigint): void {
    const bits = BigInt.asUintN(64, value)
    if (bits <= 0xffff_ffffn) {
      this.#rex(4, 0, to)
      this.asm.emit(0xb8 | (to & 7))
      this.asm.imm32(Number(bits))
    } else if (fitsInt32(value)) {
      this.#form({ width: 8, opcode: [0xc7], reg: 0, immediate: int32(Number(BigInt.asIntN(32, bits))) }, to)
    } else {
      this.#rex(8, 0, to)
      this.asm.emit(0xb8 | (to & 7))
      this.asm.quad(bits)
    }
  }

  /** The value's low bytes; at a width of 8 it must fit into 32 bits with a sign. */
  storeImmediate(to: Place, value: bigint, width: Width): void {
    assert(width < 8 || fitsInt32(value), 'an immediate has 32 bits')
    const bits = Number(BigInt.asIntN(32, value))
    const bytes = int32(bits).slice(0, Math.min(4, width))
    this.#form({ width, opcode: [width === 1 ? 0xc6 : 0xc7], reg: 0, immediate: bytes }, to)
  }

  address(to: Register, of: Place): void {
    this.#form({ width: 8, opcode: [0x8d], reg: to }, of)
  }

  arithmetic(operation: Arithmetic, to: RegisterOrPlace, from: RegisterOrPlace, width: Width = 8): void {
    const row = 8 * arithmetic[operation]
    const small = width === 1 ? 0 : 1
    if (typeof to === 'number')
      this.#form({ width, opcode: [row + 2 + small], reg: to, byteRegister: width === 1 }, from)
    else {
      assert(typeof from === 'number', 'one side is a register')
      this.#form({ width, opcode: [row + small], reg: from, byteRegister: width === 1 }, to)
    }
  }

  arithmeticImmediate(operation: Arithmetic, to: RegisterOrPlace, value: bigint, width: Width = 8): void {
    assert(fitsInt32(value), 'an immediate has 32 bits')
    const number = Number(BigInt.asIntN(32, value))
    const isShort = number >= -128 && number < 128
    const reg = arithmetic[operation]
    if (width === 1) this.#form({ width, opcode: [0x80], reg, immediate: [number & 0xff], byteRegister: true }, to)
    else if (isShort) this.#form({ width, opcode: [0x83], reg, immediate: [number & 0xff] }, to)
    else this.#form({ width, opcode: [0x81], reg, immediate: int32(number).slice(0, Math.min(4, width)) }, to)
  }

  test(a: Register, b: Register): void {
    this.#form({ width: 8, opcode: [0x85], reg: b }, a)
  }

  shift(operation: Shift, to: Register, count: number, width: 4 | 8 = 8): void {
    if (count !== 0) this.#form({ width, opcode: [0xc1], reg: shifts[operation], immediate: [count] }, to)
  }

  /** By cl, modulo 64. */
  shiftByCl(operation: Shift, to: Register): void {
    this.#form({ width: 8, opcode: [0xd3], reg: shifts[operation] }, to)
  }

  rotateLeft(to: Register, count: number): void {
    this.#form({ width: 8, opcode: [0xc1], reg: 0, immediate: [count] }, to)
  }

  /** `rdx:rax >> count` into rax. */
  shiftRightDouble(to: Register, from: Register, count: number): void {
    this.#form({ width: 8, opcode: [0x0f, 0xac], reg: from, immediate: [count] }, to)
  }

  negate(to: Register): void {
    this.#form({ width: 8, opcode: [0xf7], reg: 3 }, to)
  }

  complement(to: Register): void {
    this.#form({ width: 8, opcode: [0xf7], reg: 2 }, to)
  }

  multiply(to: Register, by: RegisterOrPlace): void {
    this.#form({ width: 8, opcode: [0x0f, 0xaf], reg: to }, by)
  }

  multiplyImmediate(to: Register, from: RegisterOrPlace, value: bigint, width: 4 | 8 = 8): void {
    const isShort = value >= -128n && value < 128n
    const immediate = isShort ? [Number(value) & 0xff] : int32(Number(BigInt.asIntN(32, value)))
    this.#form({ width, opcode: [isShort ? 0x6b : 0x69], reg: to, immediate }, from)
  }

  /** rdx:rax = rax × operand. */
  multiplyWide(by: Register): void {
    this.#form({ width: 8, opcode: [0xf7], reg: 4 }, by)
  }

  /** rax = rdx:rax / operand, the rest in rdx. Unsigned. */
  divide(by: Register): void {
    this.#form({ width: 8, opcode: [0xf7], reg: 6 }, by)
  }

  divideSigned(by: Register): void {
    this.#form({ width: 8, opcode: [0xf7], reg: 7 }, by)
  }

  /** The number of the highest bit set; nothing if there is none. */
  highestBit(to: Register, from: RegisterOrPlace): void {
    this.#form({ width: 8, opcode: [0x0f, 0xbd], reg: to }, from)
  }

  swapBytes(to: Register, width: 4 | 8): void {
    this.#rex(width, 0, to)
    this.asm.emit(0x0f, 0xc8 | (to & 7))
  }

  /** 0 or 1 in the whole register. */
  setIf(condition: Condition, to: Register): void {
    this.#form({ width: 1, opcode: [0x0f, 0x90 | conditions[condition]], reg: 0, byteRegister: true }, to)
    this.load(to, to, 1, false)
  }

  increment(to: RegisterOrPlace, locked = false, width: 4 | 8 = 8): void {
    if (locked) this.asm.emit(LOCK)
    this.#form({ width, opcode: [0xff], reg: 0 }, to)
  }

  decrement(to: RegisterOrPlace, locked = false, width: 4 | 8 = 8): void {
    if (locked) this.asm.emit(LOCK)
    this.#form({ width, opcode: [0xff], reg: 1 }, to)
  }

  addTo(to: Place, from: Register, locked: boolean): void {
    if (locked) this.asm.emit(LOCK)
    this.#form({ width: 8, opcode: [0x01], reg: from }, to)
  }

  /** Compares with rax; rax has what was there. One instruction even without a lock: no signal comes between. */
  compareExchange(to: Place, from: Register, locked: boolean, width: 4 | 8 = 8): void {
    if (locked) this.asm.emit(LOCK)
    this.#form({ width, opcode: [0x0f, 0xb1], reg: from }, to)
  }

  exchangeAdd(to: Place, from: Register, locked: boolean, width: 4 | 8 = 8): void {
    if (locked) this.asm.emit(LOCK)
    this.#form({ width, opcode: [0x0f, 0xc1], reg: from }, to)
  }

  jump(label: Label): void {
    this.asm.jump(label)
  }

  jumpIf(condition: Condition, label: Label): void {
    this.asm.emit(0x0f, 0x80 | conditions[condition])
    this.asm.branch(label)
  }

  call(label: Label): void {
    this.asm.call(label)
  }

  /** The time-stamp counter in edx:eax. */
  readTimeStamp(): void {
    this.asm.emit(0x0f, 0x31)
  }

  /** 32 bits at an offset from the thread pointer: `mov %fs:offset, to`. */
  loadThreadWord(to: Register, offset: number): void {
    this.asm.emit(0x64)
    this.#rex(4, to, 0)
    this.asm.emit(0x8b, 0x04 | ((to & 7) << 3), 0x25)
    this.asm.imm32(offset)
  }

  /** `lsl`. */
  segmentLimit(to: Register, selector: Register): void {
    this.#form({ width: 4, opcode: [0x0f, 0x03], reg: to }, selector)
  }

  pause(): void {
    this.asm.emit(0xf3, 0x90)
  }

  /** rcx bytes from rsi to rdi. The direction flag is clear. */
  copyBytes(): void {
    this.asm.emit(0xf3, 0xa4)
  }

  /** rcx times al to rdi. */
  fillBytes(): void {
    this.asm.emit(0xf3, 0xaa)
  }

  /** rcx times rax to rdi. */
  fillWords(): void {
    this.asm.emit(0xf3, 0x48, 0xab)
  }

  systemCall(): void {
    this.asm.emit(0x0f, 0x05)
  }

  #form({ width, opcode, reg, byteRegister, immediate = [] }: Form, place: RegisterOrPlace): void {
    if (width === 2) this.asm.emit(0x66)
    const field = (reg & 7) << 3
    if (typeof place === 'number') {
      this.#rex(width, reg, place, 0, byteRegister === true && (isHighByte(reg) || isHighByte(place)))
      this.asm.emit(...opcode, 0xc0 | field | (place & 7), ...immediate)
    } else if (place.kind === 'relative') {
      this.#rex(width, reg, 0, 0, byteRegister === true && isHighByte(reg))
      this.asm.emit(...opcode, 0x05 | field)
      this.asm.rel32(place.label, place.displacement - immediate.length)
      this.asm.emit(...immediate)
    } else {
      this.#rex(width, reg, place.base, place.index?.register ?? 0, byteRegister === true && isHighByte(reg))
      this.asm.emit(...opcode, ...modrm(field, place), ...immediate)
    }
  }

  #rex(width: Width, reg: number, base: number, index = 0, forced = false): void {
    const prefix = 0x40 | (width === 8 ? 8 : 0) | (reg > 7 ? 4 : 0) | (index > 7 ? 2 : 0) | (base > 7 ? 1 : 0)
    if (prefix !== 0x40 || forced) this.asm.emit(prefix)
  }
}

const LOCK = 0xf0

/** Without REX, numbers 4 to 7 name ah, ch, dh and bh. */
function isHighByte(register: number): boolean {
  return register >= 4 && register < 8
}

/** ModRM, SIB and displacement (SDM vol. 2, 2.1.5). */
function modrm(field: number, { base, index, displacement }: Memory): number[] {
  assert(Number.isInteger(displacement), 'a displacement is an integer')
  const isNear = displacement >= -128 && displacement < 128
  const mode = displacement === 0 && (base & 7) !== RBP ? 0 : isNear ? 0x40 : 0x80
  const offset = mode === 0 ? [] : isNear ? [displacement & 0xff] : int32(displacement)
  if (index === undefined && (base & 7) !== RSP) return [mode | field | (base & 7), ...offset]
  assert(index?.register !== RSP, 'rsp is no index')
  const scaled = index === undefined ? 0x20 : (Math.log2(index.scale) << 6) | ((index.register & 7) << 3)
  return [mode | field | 4, scaled | (base & 7), ...offset]
}

function int32(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff]
}

/** Whether the value, as 64 bits, is a sign-extended immediate of 32. */
export function fitsInt32(value: bigint): boolean {
  const signed = BigInt.asIntN(64, value)
  return signed >= -0x8000_0000n && signed <= 0x7fff_ffffn
}
