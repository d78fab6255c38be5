import { Mnemonic, OpKind } from '../iced.js'
import type { EmulationCase, MemoryUse } from './emulation-case.js'
import { memoryUse, operandOf } from './operand.js'
import { operandSize } from './register-operand.js'
import { belowTop, overlaps, push as pushValue } from './stack.js'

/** push of a register, an immediate or memory; not of segment registers. */
export const push: EmulationCase = {
  name: 'push',
  applies: ({ mnemonic }) => mnemonic === Mnemonic.Push,
  emulate({ instruction, next }) {
    const size = operandSize(-instruction.stackPointerIncrement)
    if (size === undefined) return undefined
    const { op0Kind } = instruction
    if (op0Kind !== OpKind.Register && op0Kind !== OpKind.Memory) {
      const value = BigInt.asUintN(8 * size, instruction.immediate(0))
      return {
        memory: 'stack',
        action(cpu) {
          pushValue(cpu, size, value)
          return next
        },
      }
    }
    const operand = operandOf(instruction, 0)
    if (operand === undefined) return undefined
    const memory: MemoryUse = memoryUse(instruction, operand) === 'any' ? 'any' : 'stack'
    return {
      memory,
      action(cpu) {
        if (operand.kind === 'memory' && overlaps(operand.at(cpu), belowTop(cpu, size), size)) return undefined
        pushValue(cpu, size, operand.read(cpu))
        return next
      },
    }
  },
}
