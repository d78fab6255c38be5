import { Code, Mnemonic } from '../iced.js'
import type { EmulationCase } from './emulation-case.js'
import { memoryUse, operandOf, writableOperand } from './operand.js'

/** movzx, movsx, movsxd; not movsxd r16, of whose memory operand some processors read four bytes (APM vol. 3, MOVSXD). */
export const extend: EmulationCase = {
  name: 'movzx, movsx',
  applies: ({ mnemonic, code }) =>
    (mnemonic === Mnemonic.Movzx || signed.has(mnemonic)) && code !== Code.Movsxd_r16_rm16,
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
