import { Code, Mnemonic } from 'iced-x86'
import type { EmulationCase } from './emulation-case.js'

/** `f3 90`: with REX.B in between it is `xchg r8, rax` to the processor, and `pause` to the decoder. */
const PAUSE_LENGTH = 2

/** nop in all lengths, endbr64, pause: the memory operand of a long nop is not accessed. */
export const noOperation: EmulationCase = {
  name: 'nop',
  applies: ({ mnemonic }) => idle.has(mnemonic),
  emulate: ({ instruction, next }) => {
    if (instruction.code === Code.Pause && instruction.length !== PAUSE_LENGTH) return undefined
    return { memory: 'none', action: () => next }
  },
}

const idle: ReadonlySet<Mnemonic> = new Set([Mnemonic.Nop, Mnemonic.Endbr64, Mnemonic.Endbr32, Mnemonic.Pause])
