import { address } from '../../../bytes/address.js'
import type { EmulationCase } from './emulation-case.js'
import { memoryUse, operandOf } from './operand.js'
import { branchTarget } from './stack.js'

/** jmp rel8, jmp rel32, jmp r/m64. */
export const jump: EmulationCase = {
  name: 'jmp',
  applies: (instruction) => instruction.isJmpShortOrNear || instruction.isJmpNearIndirect,
  emulate({ instruction }) {
    if (instruction.isJmpShortOrNear) {
      const target = address(instruction.nearBranchTarget)
      return { memory: 'none', action: () => target }
    }
    const operand = operandOf(instruction, 0)
    if (operand === undefined) return undefined
    return { memory: memoryUse(instruction, operand), action: (cpu) => branchTarget(operand.read(cpu)) }
  },
}
