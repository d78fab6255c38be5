import { offsetBy } from '../../../bytes/address.js'
import { Code } from '../iced.js'
import type { EmulationCase } from './emulation-case.js'
import { AC, AF, CF, DF, ID, NT, OF, PF, RF, SF, TF, ZF } from './flags.js'
import { top } from './stack.js'

/** What popf changes in user mode and ptrace can set (arch/x86/kernel/ptrace.c, FLAG_MASK); a 16-bit one leaves AC alone. */
const WORD_FLAGS = CF | PF | AF | ZF | SF | DF | OF | NT
const QUAD_FLAGS = WORD_FLAGS | AC

/** popfq, popfw. A program that sets its own trap flag, or toggles ID, does so itself. */
export const popFlags: EmulationCase = {
  name: 'popf',
  applies: ({ code }) => code === Code.Popfq || code === Code.Popfw,
  emulate({ instruction, next }) {
    const [size, mask] = instruction.code === Code.Popfq ? ([8, QUAD_FLAGS] as const) : ([2, WORD_FLAGS] as const)
    return {
      memory: 'stack',
      action(cpu) {
        const at = top(cpu)
        const flags = cpu.read(at, size)
        if ((flags & TF) !== 0n || (size === 8 && ((flags ^ cpu.eflags) & ID) !== 0n)) return undefined
        cpu.set('rsp', offsetBy(at, size))
        cpu.eflags = (cpu.eflags & ~mask & ~RF) | (flags & mask)
        return next
      },
    }
  },
}
