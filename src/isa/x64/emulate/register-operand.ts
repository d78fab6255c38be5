import { assert } from '../../../bytes/assert.js'
import { Register, RegisterExt } from '../iced.js'
import { registerNames } from '../registers.js'
import type { CpuState, GeneralRegisterName, OperandSize } from './cpu-state.js'

/** A general register or the part of it that an operand names. */
export interface RegisterOperand {
  readonly kind: 'register'
  readonly size: OperandSize
  read(cpu: CpuState): bigint
  /** 32-bit writes clear the upper half, narrower ones keep the rest (SDM vol. 1, 3.4.1.1). */
  write(cpu: CpuState, value: bigint): void
}

export function operandSize(bytes: number): OperandSize | undefined {
  return bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8 ? bytes : undefined
}

/** All ones in the low `size` bytes. */
export function maskOf(size: OperandSize): bigint {
  return (1n << BigInt(8 * size)) - 1n
}

const highBytes: ReadonlySet<Register> = new Set([Register.AH, Register.BH, Register.CH, Register.DH])

/** Undefined for what is no general register: segments, vectors, masks, control registers. */
export function registerOperand(register: Register): RegisterOperand | undefined {
  if (!RegisterExt.isGPR(register)) return undefined
  const size = operandSize(RegisterExt.size(register))
  assert(size !== undefined, 'general registers have 1, 2, 4 or 8 bytes')
  const name = nameOf(register)
  return size === 8 ? wholeRegister(name) : partOf(name, size, highBytes.has(register) ? 8n : 0n)
}

export function nameOf(register: Register): GeneralRegisterName {
  const name = registerNames[RegisterExt.number(RegisterExt.fullRegister(register))]
  assert(name !== undefined, 'a general register has a name')
  return name
}

function wholeRegister(name: GeneralRegisterName): RegisterOperand {
  return { kind: 'register', size: 8, read: (cpu) => cpu.get(name), write: (cpu, value) => cpu.set(name, value) }
}

function partOf(name: GeneralRegisterName, size: OperandSize, shift: bigint): RegisterOperand {
  const mask = maskOf(size)
  const kept = size === 4 ? 0n : maskOf(8) & ~(mask << shift)
  return {
    kind: 'register',
    size,
    read: (cpu) => (cpu.get(name) >> shift) & mask,
    write: (cpu, value) => cpu.set(name, (kept === 0n ? 0n : cpu.get(name) & kept) | ((value & mask) << shift)),
  }
}
