import { isNoPause } from '../effects.js'
import { Mnemonic } from '../iced.js'
import type { EmulationCase } from './emulation-case.js'

/** nop in all lengths, endbr64, pause: the memory operand of a long nop is not accessed. */
export const noOperation: EmulationCase = {
  name: 'nop',
  applies: ({ mnemonic }) => idle.has(mnemonic),
  emulate: ({ instruction, next }) => {
    if (isNoPause(instruction)) return undefined
    return { memory: 'none', action: () => next }
  },
}

const idle: ReadonlySet<Mnemonic> = new Set([Mnemonic.Nop, Mnemonic.Endbr64, Mnemonic.Endbr32, Mnemonic.Pause])
