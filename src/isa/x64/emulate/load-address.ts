import { Mnemonic } from '../iced.js'
import { effectiveOffset } from './effective-address.js'
import type { EmulationCase } from './emulation-case.js'
import { writableOperand } from './operand.js'

/** lea: the segment does not count. */
export const loadAddress: EmulationCase = {
  name: 'lea',
  applies: ({ mnemonic }) => mnemonic === Mnemonic.Lea,
  emulate({ instruction, next }) {
    const to = writableOperand(instruction, 0)
    const offset = effectiveOffset(instruction)
    if (to === undefined || offset === undefined) return undefined
    return {
      memory: 'none',
      action(cpu) {
        to.write(cpu, offset(cpu))
        return next
      },
    }
  },
}
