import { Mnemonic } from '../iced.js'
import { conditionOf } from './condition.js'
import type { EmulationCase } from './emulation-case.js'
import { memoryUse, writableOperand } from './operand.js'

/** setcc r/m8. */
export const setCondition: EmulationCase = {
  name: 'setcc',
  applies: ({ mnemonic }) => mnemonics.has(mnemonic),
  emulate({ instruction, next }) {
    const to = writableOperand(instruction, 0)
    const holds = conditionOf(instruction)
    if (to === undefined || holds === undefined) return undefined
    return {
      memory: memoryUse(instruction, to),
      action(cpu) {
        to.write(cpu, holds(cpu) ? 1n : 0n)
        return next
      },
    }
  },
}

const mnemonics: ReadonlySet<Mnemonic> = new Set([
  ...[Mnemonic.Seto, Mnemonic.Setno, Mnemonic.Setb, Mnemonic.Setae],
  ...[Mnemonic.Sete, Mnemonic.Setne, Mnemonic.Setbe, Mnemonic.Seta],
  ...[Mnemonic.Sets, Mnemonic.Setns, Mnemonic.Setp, Mnemonic.Setnp],
  ...[Mnemonic.Setl, Mnemonic.Setge, Mnemonic.Setle, Mnemonic.Setg],
])
