import { Mnemonic } from '../iced.js'
import type { OperandSize } from './cpu-state.js'
import type { EmulationCase } from './emulation-case.js'
import { ARITHMETIC, added, CF, type Result, subtracted } from './flags.js'
import { operandOf } from './operand.js'
import { maskOf } from './register-operand.js'

interface Operation {
  readonly changes: bigint
  result(value: bigint, size: OperandSize): Result
}

/** inc and dec keep the carry; not keeps all flags (SDM vol. 2). */
const operations: ReadonlyMap<Mnemonic, Operation> = new Map([
  [Mnemonic.Inc, { changes: ARITHMETIC & ~CF, result: (value, size) => added(value, 1n, size) }],
  [Mnemonic.Dec, { changes: ARITHMETIC & ~CF, result: (value, size) => subtracted(value, 1n, size) }],
  [Mnemonic.Neg, { changes: ARITHMETIC, result: (value, size) => subtracted(0n, value, size) }],
  [Mnemonic.Not, { changes: 0n, result: (value, size) => ({ value: value ^ maskOf(size), flags: 0n }) }],
])

/** inc, dec, neg, not of a register. */
export const unary: EmulationCase = {
  name: 'inc, dec, neg, not',
  applies: ({ mnemonic }) => operations.has(mnemonic),
  emulate({ instruction, next }) {
    const operation = operations.get(instruction.mnemonic)
    const operand = operandOf(instruction, 0)
    if (operation === undefined || operand?.kind !== 'register') return undefined
    return {
      memory: 'none',
      action(cpu) {
        const { value, flags } = operation.result(operand.read(cpu), operand.size)
        operand.write(cpu, value)
        cpu.eflags = (cpu.eflags & ~operation.changes) | (flags & operation.changes)
        return next
      },
    }
  },
}
