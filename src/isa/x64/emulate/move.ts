import { Mnemonic } from '../iced.js'
import type { EmulationCase } from './emulation-case.js'
import { memoryUse, operandOf, writableOperand } from './operand.js'

/** mov between general registers, memory and immediates. */
export const move: EmulationCase = {
  name: 'mov',
  applies: ({ mnemonic }) => mnemonic === Mnemonic.Mov,
  emulate({ instruction, next }) {
    const to = writableOperand(instruction, 0)
    const from = operandOf(instruction, 1)
    if (to === undefined || from === undefined) return undefined
    return {
      memory: memoryUse(instruction, to, from),
      action(cpu) {
        to.write(cpu, from.read(cpu))
        return next
      },
    }
  },
}
