import { Mnemonic } from '../iced.js'
import type { EmulationCase } from './emulation-case.js'
import { operandOf } from './operand.js'

/** xchg of two registers; with memory it is locked, and could not be repeated. */
export const exchange: EmulationCase = {
  name: 'xchg',
  applies: ({ mnemonic }) => mnemonic === Mnemonic.Xchg,
  emulate({ instruction, next }) {
    const left = operandOf(instruction, 0)
    const right = operandOf(instruction, 1)
    if (left?.kind !== 'register' || right?.kind !== 'register') return undefined
    return {
      memory: 'none',
      action(cpu) {
        const first = left.read(cpu)
        const second = right.read(cpu)
        left.write(cpu, second)
        right.write(cpu, first)
        return next
      },
    }
  },
}
