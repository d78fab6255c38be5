import { type Address, address } from '../../../bytes/address.js'
import { type Instruction, Register, RegisterExt } from '../iced.js'
import type { CpuState } from './cpu-state.js'
import { maskOf, type RegisterOperand, registerOperand } from './register-operand.js'

/** Computes an address from the registers. */
export type AddressOf = (cpu: CpuState) => bigint

/** Base, index and displacement, without the segment: what `lea` loads. Undefined for vector indexes. */
export function effectiveOffset(instruction: Instruction): AddressOf | undefined {
  if (instruction.isIpRelMemoryOperand) {
    const fixed = instruction.ipRelMemoryAddress
    return () => fixed
  }
  const base = partOf(instruction.memoryBase)
  const index = partOf(instruction.memoryIndex)
  if (base === 'other' || index === 'other') return undefined
  const scale = BigInt(instruction.memoryIndexScale)
  const displacement = instruction.memoryDisplacementU64
  const mask = maskOf((base ?? index)?.size === 4 ? 4 : 8)
  return (cpu) => ((base?.read(cpu) ?? 0n) + (index?.read(cpu) ?? 0n) * scale + displacement) & mask
}

function partOf(register: Register): RegisterOperand | undefined | 'other' {
  if (register === Register.None) return undefined
  return RegisterExt.isGPR(register) ? registerOperand(register) : 'other'
}

/** The linear address. Segments other than fs and gs begin at 0 in 64-bit code. */
export function linearAddress(instruction: Instruction): ((cpu: CpuState) => Address) | undefined {
  const offset = effectiveOffset(instruction)
  if (offset === undefined) return undefined
  switch (instruction.memorySegment) {
    case Register.FS:
      return (cpu) => address(cpu.fsBase + offset(cpu))
    case Register.GS:
      return (cpu) => address(cpu.gsBase + offset(cpu))
    default:
      return (cpu) => address(offset(cpu))
  }
}

/** True for an operand that the stack pointer addresses: the thread's own stack. rbp may hold anything. */
export function isOnStack({ memoryBase }: Instruction): boolean {
  return memoryBase === Register.RSP
}
