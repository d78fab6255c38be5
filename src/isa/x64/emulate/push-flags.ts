import { Code } from '../iced.js'
import type { EmulationCase } from './emulation-case.js'
import { RF, VM } from './flags.js'
import { push } from './stack.js'

/** pushfq, pushfw. RF and VM are pushed clear (SDM vol. 2, PUSHF); with TF set nothing is emulated, so none is pushed. */
export const pushFlags: EmulationCase = {
  name: 'pushf',
  applies: ({ code }) => code === Code.Pushfq || code === Code.Pushfw,
  emulate({ instruction, next }) {
    const size = instruction.code === Code.Pushfq ? 8 : 2
    return {
      memory: 'stack',
      action(cpu) {
        push(cpu, size, BigInt.asUintN(8 * size, cpu.eflags & ~(RF | VM)))
        return next
      },
    }
  },
}
