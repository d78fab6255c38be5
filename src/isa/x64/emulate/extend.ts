import { Mnemonic } from 'iced-x86'
import type { EmulationCase } from './emulation-case.js'
import { memoryUse, operandOf, writableOperand } from './operand.js'

/** movzx, movsx, movsxd. */
export const extend: EmulationCase = {
  name: 'movzx, movsx',
  applies: ({ mnemonic }) => mnemonic === Mnemonic.Movzx || signed.has(mnemonic),
  emulate({ instruction, next }) {
    const to = writableOperand(instruction, 0)
    const from = operandOf(instruction, 1)
    if (to === undefined || from === undefined) return undefined
    const isSigned = signed.has(instruction.mnemonic)
    return {
      memory: memoryUse(instruction, from),
      action(cpu) {
        const value = from.read(cpu)
        to.write(cpu, isSigned ? BigInt.asUintN(64, BigInt.asIntN(8 * from.size, value)) : value)
        return next
      },
    }
  },
}

const signed: ReadonlySet<Mnemonic> = new Set([Mnemonic.Movsx, Mnemonic.Movsxd])
