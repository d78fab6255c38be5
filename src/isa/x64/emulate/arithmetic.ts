import { Mnemonic } from '../iced.js'
import type { OperandSize } from './cpu-state.js'
import type { EmulationCase } from './emulation-case.js'
import { ARITHMETIC, added, logical, type Result, subtracted } from './flags.js'
import { memoryUse, operandOf } from './operand.js'

type Operation = (left: bigint, right: bigint, size: OperandSize) => Result

const operations: ReadonlyMap<Mnemonic, Operation> = new Map([
  [Mnemonic.Add, added],
  [Mnemonic.Sub, subtracted],
  [Mnemonic.Cmp, subtracted],
  [Mnemonic.And, (left, right, size) => logical(left & right, size)],
  [Mnemonic.Test, (left, right, size) => logical(left & right, size)],
  [Mnemonic.Or, (left, right, size) => logical(left | right, size)],
  [Mnemonic.Xor, (left, right, size) => logical(left ^ right, size)],
])

/** add, sub, and, or, xor to a register; cmp and test of memory too. What changes memory in place cannot be repeated. */
export const arithmetic: EmulationCase = {
  name: 'add, sub, and, or, xor, cmp, test',
  applies: ({ mnemonic }) => operations.has(mnemonic),
  emulate({ instruction, next }) {
    const { mnemonic } = instruction
    const operation = operations.get(mnemonic)
    const left = operandOf(instruction, 0)
    const right = operandOf(instruction, 1)
    if (operation === undefined || left === undefined || right === undefined) return undefined
    const keeps = mnemonic === Mnemonic.Cmp || mnemonic === Mnemonic.Test
    if (left.kind !== 'register' && !keeps) return undefined
    return {
      memory: memoryUse(instruction, left, right),
      action(cpu) {
        const { value, flags } = operation(left.read(cpu), right.read(cpu), left.size)
        if (left.kind === 'register' && !keeps) left.write(cpu, value)
        cpu.eflags = (cpu.eflags & ~ARITHMETIC) | flags
        return next
      },
    }
  },
}
