import type { Address } from '../../../bytes/address.js'
import { type Instruction, MemorySizeExt, OpKind } from '../iced.js'
import type { CpuState, OperandSize } from './cpu-state.js'
import { isOnStack, linearAddress } from './effective-address.js'
import type { MemoryUse } from './emulation-case.js'
import { maskOf, operandSize, type RegisterOperand, registerOperand } from './register-operand.js'

export interface MemoryOperand {
  readonly kind: 'memory'
  readonly size: OperandSize
  at(cpu: CpuState): Address
  read(cpu: CpuState): bigint
  write(cpu: CpuState, value: bigint): void
}

export interface ImmediateOperand {
  readonly kind: 'immediate'
  readonly size: OperandSize
  read(cpu: CpuState): bigint
}

export type Operand = RegisterOperand | MemoryOperand | ImmediateOperand
export type WritableOperand = RegisterOperand | MemoryOperand

/** Operand `index`; undefined for kinds that no emulation knows. An immediate is cut to the size of operand 0. */
export function operandOf(instruction: Instruction, index: number): Operand | undefined {
  switch (instruction.opKind(index)) {
    case OpKind.Register:
      return registerOperand(instruction.opRegister(index))
    case OpKind.Memory:
      return memoryOperand(instruction)
    case OpKind.Immediate8:
    case OpKind.Immediate16:
    case OpKind.Immediate32:
    case OpKind.Immediate64:
    case OpKind.Immediate8to16:
    case OpKind.Immediate8to32:
    case OpKind.Immediate8to64:
    case OpKind.Immediate32to64:
      return immediateOperand(instruction, index)
    default:
      return undefined
  }
}

export function writableOperand(instruction: Instruction, index: number): WritableOperand | undefined {
  const operand = operandOf(instruction, index)
  return operand?.kind === 'immediate' ? undefined : operand
}

export function memoryOperand(instruction: Instruction): MemoryOperand | undefined {
  const size = operandSize(MemorySizeExt.size(instruction.memorySize))
  const at = linearAddress(instruction)
  if (size === undefined || at === undefined) return undefined
  return {
    kind: 'memory',
    size,
    at,
    read: (cpu) => cpu.read(at(cpu), size),
    write: (cpu, value) => cpu.write(at(cpu), size, value & maskOf(size)),
  }
}

function immediateOperand(instruction: Instruction, index: number): ImmediateOperand | undefined {
  const size = operandOf(instruction, 0)?.size
  if (index === 0 || size === undefined) return undefined
  const value = BigInt.asUintN(64, instruction.immediate(index)) & maskOf(size)
  return { kind: 'immediate', size, read: () => value }
}

/** What operands touch: memory that the stack or frame pointer addresses counts as the thread's own. */
export function memoryUse(instruction: Instruction, ...operands: readonly Operand[]): MemoryUse {
  if (operands.every(({ kind }) => kind !== 'memory')) return 'none'
  return isOnStack(instruction) ? 'stack' : 'any'
}
