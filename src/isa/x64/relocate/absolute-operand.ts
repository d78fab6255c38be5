import { Code, type Instruction, RegisterExt } from 'iced-x86'
import { quadBytes } from '../machine-code.js'
import { RSP } from '../registers.js'

const REX_W = 0x48
const REX_R = 0x04
const REX_B = 0x01
/** ModRM.mod of an 8-bit displacement: the form that has no exceptions for rbp and r13. */
const MOD_DISP8 = 0x40
/** SIB of a base without index, which rsp and r12 need. */
const SIB_BASE_ONLY = 0x24

/**
 * What reaches an operand beyond ±2 GiB, for the two instructions that overwrite a register anyway and can form the
 * address in it: `lea r64, [rip+x]` → `movabs r64, x`; `mov r, [rip+x]` → `movabs r64, x; mov r, [r64]`.
 */
export function withAbsoluteOperand(instruction: Instruction): number[] | undefined {
  const register = RegisterExt.number(instruction.op0Register)
  const operand = instruction.ipRelMemoryAddress
  switch (instruction.code) {
    case Code.Lea_r64_m:
      return moveImmediate(register, operand)
    case Code.Mov_r64_rm64:
      return register === RSP ? undefined : [...moveImmediate(register, operand), ...load(register, REX_W)]
    case Code.Mov_r32_rm32:
      return register === RSP ? undefined : [...moveImmediate(register, operand), ...load(register, 0x40)]
    default:
      return undefined
  }
}

/** `movabs reg, value` (SDM vol. 2, MOV: REX.W B8+rd io). */
function moveImmediate(register: number, value: bigint): number[] {
  return [REX_W | (register >= 8 ? REX_B : 0), 0xb8 | (register & 7), ...quadBytes(value)]
}

/** `mov reg, [reg + 0]`. */
function load(register: number, rex: number): number[] {
  const low = register & 7
  const prefix = rex | (register >= 8 ? REX_R | REX_B : 0)
  return [prefix, 0x8b, MOD_DISP8 | (low << 3) | low, ...(low === RSP ? [SIB_BASE_ONLY] : []), 0]
}
