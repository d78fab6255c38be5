import { address } from '../../../bytes/address.js'
import { assert } from '../../../bytes/assert.js'
import { Code, type Instruction, Register } from '../iced.js'
import { conditionOf } from './condition.js'
import type { EmulationCase } from './emulation-case.js'
import { maskOf, registerOperand } from './register-operand.js'

/** loop, loope, loopne, jrcxz, jecxz; the address size says whether rcx or ecx counts. No flag changes. */
export const counterJump: EmulationCase = {
  name: 'loop, jrcxz',
  applies: (instruction) => instruction.isLoop || instruction.isLoopcc || instruction.isJcxShort,
  emulate({ instruction, next }) {
    const target = address(instruction.nearBranchTarget)
    const counter = registerOperand(countsInEcx(instruction) ? Register.ECX : Register.RCX)
    assert(counter !== undefined, 'rcx is a general register')
    if (instruction.isJcxShort) {
      return { memory: 'none', action: (cpu) => (counter.read(cpu) === 0n ? target : next) }
    }
    const holds = instruction.isLoopcc ? conditionOf(instruction) : () => true
    return (
      holds && {
        memory: 'none',
        action(cpu) {
          const left = (counter.read(cpu) - 1n) & maskOf(counter.size)
          counter.write(cpu, left)
          return left !== 0n && holds(cpu) ? target : next
        },
      }
    )
  },
}

const narrow: ReadonlySet<Code> = new Set([
  Code.Loop_rel8_64_ECX,
  Code.Loope_rel8_64_ECX,
  Code.Loopne_rel8_64_ECX,
  Code.Jecxz_rel8_64,
])

function countsInEcx({ code }: Instruction): boolean {
  return narrow.has(code)
}
