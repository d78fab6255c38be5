import { Code, FlowControl, type Instruction } from 'iced-x86'

/** Where a direct branch or call goes, or where a transaction's abort goes; undefined for other instructions. A signed 64-bit address. */
export function directTarget(instruction: Instruction): bigint | undefined {
  switch (instruction.flowControl) {
    case FlowControl.UnconditionalBranch:
    case FlowControl.ConditionalBranch:
    case FlowControl.Call:
      return BigInt.asIntN(64, instruction.nearBranchTarget)
    case FlowControl.XbeginXabortXend:
      return instruction.code === Code.Xbegin_rel32 ? BigInt.asIntN(64, instruction.nearBranchTarget) : undefined
    default:
      return undefined
  }
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
