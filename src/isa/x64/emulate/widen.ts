import { assert } from '../../../bytes/assert.js'
import { Code, Register } from '../iced.js'
import type { EmulationCase } from './emulation-case.js'
import { registerOperand } from './register-operand.js'

/** What each reads and writes; the target gets the sign-extended source, or from `shift` on its upper half. */
const forms: ReadonlyMap<Code, readonly [from: Register, to: Register, shift: bigint]> = new Map([
  [Code.Cbw, [Register.AL, Register.AX, 0n]],
  [Code.Cwde, [Register.AX, Register.EAX, 0n]],
  [Code.Cdqe, [Register.EAX, Register.RAX, 0n]],
  [Code.Cwd, [Register.AX, Register.DX, 16n]],
  [Code.Cdq, [Register.EAX, Register.EDX, 32n]],
  [Code.Cqo, [Register.RAX, Register.RDX, 64n]],
])

/** cbw, cwde, cdqe, cwd, cdq, cqo. */
export const widen: EmulationCase = {
  name: 'cdqe, cqo',
  applies: ({ code }) => forms.has(code),
  emulate({ instruction, next }) {
    const [source, target, shift] = forms.get(instruction.code) ?? [Register.AL, Register.AX, 0n]
    const from = registerOperand(source)
    const to = registerOperand(target)
    assert(from !== undefined && to !== undefined, 'general registers')
    return {
      memory: 'none',
      action(cpu) {
        to.write(cpu, BigInt.asUintN(64, BigInt.asIntN(8 * from.size, from.read(cpu)) >> shift))
        return next
      },
    }
  },
}
