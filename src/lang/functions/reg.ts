import { isOfThreads } from '../../ir/program.js'
import { uint64 } from '../../ir/value-type.js'
import { pure, unknownOperand } from '../analysis/operand.js'
import { didYouMean } from '../did-you-mean.js'
import { literalString } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** The kernel's names in `struct pt_regs`, without the r of the 64-bit ones. */
const registers: ReadonlySet<string> = new Set(
  'r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_rax ip cs flags sp ss'.split(' '),
)

export const reg: FunctionEntry = {
  name: 'reg',
  signature: 'uint64 reg(const string name)',
  arguments: [1, 1],
  lower(call, context) {
    const name = literalString(call, 0, context)
    if (name === undefined) return unknownOperand
    if (!registers.has(name)) {
      const meant = didYouMean(name.replace(/^[re]/, ''), registers)
      context.error(call.span, `'${name}' is not a valid register on this architecture (x86_64)${meant}`)
      return unknownOperand
    }
    const isTraced = context.probes.every(isOfThreads)
    if (!isTraced) context.error(call.span, 'reg() can only be used with uprobes, uretprobes and watchpoints')
    return pure({ op: 'input', type: uint64, input: { kind: 'register', name } })
  },
}
