import { Mnemonic } from '../iced.js'
import { conditionOf } from './condition.js'
import type { EmulationCase } from './emulation-case.js'
import { memoryUse, operandOf, writableOperand } from './operand.js'

/** cmovcc: memory is read, and a 32-bit target's upper half cleared, whether the condition holds or not. */
export const conditionalMove: EmulationCase = {
  name: 'cmovcc',
  applies: ({ mnemonic }) => mnemonics.has(mnemonic),
  emulate({ instruction, next }) {
    const to = writableOperand(instruction, 0)
    const from = operandOf(instruction, 1)
    const holds = conditionOf(instruction)
    if (to === undefined || from === undefined || holds === undefined) return undefined
    return {
      memory: memoryUse(instruction, from),
      action(cpu) {
        const value = from.read(cpu)
        to.write(cpu, holds(cpu) ? value : to.read(cpu))
        return next
      },
    }
  },
}

const mnemonics: ReadonlySet<Mnemonic> = new Set([
  ...[Mnemonic.Cmovo, Mnemonic.Cmovno, Mnemonic.Cmovb, Mnemonic.Cmovae],
  ...[Mnemonic.Cmove, Mnemonic.Cmovne, Mnemonic.Cmovbe, Mnemonic.Cmova],
  ...[Mnemonic.Cmovs, Mnemonic.Cmovns, Mnemonic.Cmovp, Mnemonic.Cmovnp],
  ...[Mnemonic.Cmovl, Mnemonic.Cmovge, Mnemonic.Cmovle, Mnemonic.Cmovg],
])
