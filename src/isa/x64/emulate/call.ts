import { type Address, address } from '../../../bytes/address.js'
import type { CpuState } from './cpu-state.js'
import type { EmulationCase } from './emulation-case.js'
import { memoryUse, operandOf } from './operand.js'
import { belowTop, branchTarget, overlaps, push } from './stack.js'

/** call rel32, call r/m64. An indirect one that reads what it pushes could not be repeated. */
export const call: EmulationCase = {
  name: 'call',
  applies: (instruction) => instruction.isCallNear || instruction.isCallNearIndirect,
  emulate({ instruction, next }) {
    if (instruction.isCallNear) {
      const target = address(instruction.nearBranchTarget)
      return { memory: 'stack', action: (cpu) => pushThenGo(cpu, next, target) }
    }
    const operand = operandOf(instruction, 0)
    if (operand === undefined) return undefined
    return {
      memory: memoryUse(instruction, operand) === 'any' ? 'any' : 'stack',
      action(cpu) {
        if (operand.kind === 'memory' && overlaps(operand.at(cpu), belowTop(cpu, 8), 8)) return undefined
        const target = branchTarget(operand.read(cpu))
        return target === undefined ? undefined : pushThenGo(cpu, next, target)
      },
    }
  },
}

function pushThenGo(cpu: CpuState, returnAddress: Address, target: Address): Address {
  push(cpu, 8, returnAddress)
  return target
}
