import { offsetBy } from '../../../bytes/address.js'
import { Code } from '../iced.js'
import type { EmulationCase } from './emulation-case.js'
import { branchTarget, top } from './stack.js'

/** ret, ret imm16. */
export const nearReturn: EmulationCase = {
  name: 'ret',
  applies: ({ code }) => code === Code.Retnq || code === Code.Retnq_imm16,
  emulate({ instruction }) {
    const popped = 8 + (instruction.code === Code.Retnq_imm16 ? instruction.immediate16 : 0)
    return {
      memory: 'stack',
      action(cpu) {
        const at = top(cpu)
        const target = branchTarget(cpu.read(at, 8))
        if (target !== undefined) cpu.set('rsp', offsetBy(at, popped))
        return target
      },
    }
  },
}
