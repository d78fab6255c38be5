import { Code, FlowControl, type Instruction } from './iced.js'

/** Where a direct branch or call goes, or where a transaction's abort goes; undefined for other instructions. A signed 64-bit address. */
export function directTarget(instruction: Instruction): bigint | undefined {
  switch (instruction.flowControl) {
    case FlowControl.UnconditionalBranch:
    case FlowControl.ConditionalBranch:
      return BigInt.asIntN(64, instruction.nearBranchTarget)
    case FlowControl.Call:
      return instruction.isCallNear ? BigInt.asIntN(64, instruction.nearBranchTarget) : undefined
    case FlowControl.XbeginXabortXend:
      return instruction.code === Code.Xbegin_rel32 ? BigInt.asIntN(64, instruction.nearBranchTarget) : undefined
    default:
      return undefined
  }
}

/** True for a near call. `FlowControl.Call` would not do: iced counts `syscall`, `vmcall` and the like among the calls. */
export function isNearCall(instruction: Instruction): boolean {
  return instruction.isCallNear || instruction.isCallNearIndirect
}

/** True where something else runs, the kernel too, before the next instruction does: calls, system calls, `int n`. */
export function comesBack({ flowControl, code }: Instruction): boolean {
  return flowControl === FlowControl.Call || flowControl === FlowControl.IndirectCall || code === Code.Int_imm8
}

/** False for an instruction after which the next one never runs. */
export function fallsThrough(instruction: Instruction): boolean {
  switch (instruction.flowControl) {
    case FlowControl.UnconditionalBranch:
    case FlowControl.IndirectBranch:
    case FlowControl.Return:
    case FlowControl.Exception:
      return false
    default:
      return true
  }
}
