import { FlowControl, type Instruction, Mnemonic, OpKind, Register, RegisterExt } from 'iced-x86'
import { InstructionCursor } from './instruction-cursor.js'
import { type ModuleCode, textBytes } from './module-code.js'
import type { FunctionBounds } from '../code-facts.js'
import type { IndirectJump } from './function-code.js'

/**
 * Where the value in a jump's register comes from.
 * - `pointer`: a whole code pointer, loaded from memory or handed over by the caller or a callee. Somebody took the
 *   address of its target, which shows as a relocation, an absolute word or a lea.
 * - `sum`: an addition, the way every position-independent jump table ends.
 * - `computed`: anything else.
 */
export type RegisterOrigin = 'pointer' | 'sum' | 'computed'

/** Registers that a call may leave a new pointer in (System V ABI, 3.2.1: not preserved). */
const callClobbered = new Set([0, 1, 2, 6, 7, 8, 9, 10, 11])

/** Follows the register backwards along the function's bytes: the last write before the jump, through register copies. */
export function registerOrigin(code: ModuleCode, bounds: FunctionBounds, jump: IndirectJump): RegisterOrigin {
  const origins = new Array<RegisterOrigin>(16).fill('pointer')
  using cursor = new InstructionCursor(textBytes(code, bounds.start, jump.address - bounds.start), bounds.start)
  while (cursor.next()) noteWrite(cursor.instruction, origins)
  return origins[jump.register ?? 0] ?? 'computed'
}

function noteWrite(instruction: Instruction, origins: RegisterOrigin[]): void {
  if (isCall(instruction)) {
    for (const register of callClobbered) origins[register] = 'pointer'
    return
  }
  if (instruction.opCount === 0 || instruction.op0Kind !== OpKind.Register) return
  if (!RegisterExt.isGPR(instruction.op0Register)) return
  const origin = writtenOrigin(instruction, origins)
  if (origin !== undefined) origins[RegisterExt.number(instruction.op0Register)] = origin
}

function isCall(instruction: Instruction): boolean {
  return instruction.flowControl === FlowControl.Call || instruction.flowControl === FlowControl.IndirectCall
}

function writtenOrigin(instruction: Instruction, origins: readonly RegisterOrigin[]): RegisterOrigin | undefined {
  switch (instruction.mnemonic) {
    case Mnemonic.Cmp:
    case Mnemonic.Test:
    case Mnemonic.Push:
      return undefined
    case Mnemonic.Pop:
      return 'pointer'
    case Mnemonic.Mov:
      return movedOrigin(instruction, origins)
    case Mnemonic.Lea:
      return instruction.isIpRelMemoryOperand ? 'pointer' : 'computed'
    case Mnemonic.Add:
      return 'sum'
    default:
      return isCmov(instruction) ? worst(movedOrigin(instruction, origins), currentOrigin(instruction, origins)) : 'computed'
  }
}

function isCmov(instruction: Instruction): boolean {
  return instruction.mnemonic >= Mnemonic.Cmova && instruction.mnemonic <= Mnemonic.Cmovs
}

function currentOrigin(instruction: Instruction, origins: readonly RegisterOrigin[]): RegisterOrigin {
  return origins[RegisterExt.number(instruction.op0Register)] ?? 'computed'
}

function worst(a: RegisterOrigin, b: RegisterOrigin): RegisterOrigin {
  if (a === 'computed' || b === 'computed') return 'computed'
  return a === 'sum' ? a : b
}

/** Only a full 64-bit move carries a pointer; a 32-bit load is a table offset. */
function movedOrigin(instruction: Instruction, origins: readonly RegisterOrigin[]): RegisterOrigin {
  if (!RegisterExt.isGPR64(instruction.op0Register)) {
    return instruction.op1Kind === OpKind.Immediate32 ? 'pointer' : 'computed'
  }
  if (instruction.op1Kind !== OpKind.Register) return 'pointer'
  if (!RegisterExt.isGPR64(instruction.op1Register)) return 'computed'
  if (instruction.op1Register === Register.RSP) return 'computed'
  return origins[RegisterExt.number(instruction.op1Register)] ?? 'computed'
}
