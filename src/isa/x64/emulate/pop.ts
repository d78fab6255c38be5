import { type Address, address, offsetBy } from '../../../bytes/address.js'
import { Mnemonic } from '../iced.js'
import type { CpuState } from './cpu-state.js'
import { effectiveOffset } from './effective-address.js'
import type { Action, EmulationCase } from './emulation-case.js'
import { type MemoryOperand, memoryUse, writableOperand } from './operand.js'
import type { RegisterOperand } from './register-operand.js'
import { overlaps, top } from './stack.js'

/** pop into a register or memory; not into segment registers. */
export const pop: EmulationCase = {
  name: 'pop',
  applies: ({ mnemonic }) => mnemonic === Mnemonic.Pop,
  emulate({ instruction, next }) {
    const operand = writableOperand(instruction, 0)
    if (operand === undefined || effectiveOffset(instruction) === undefined) return undefined
    if (operand.kind === 'register') return { memory: 'stack', action: intoRegister(operand, next) }
    const memory = memoryUse(instruction, operand) === 'any' ? 'any' : 'stack'
    return { memory, action: intoMemory(operand, next) }
  },
}

/** `pop rsp` keeps what was popped. */
function intoRegister(operand: RegisterOperand, next: Address): Action {
  return (cpu) => {
    const at = top(cpu)
    const value = cpu.read(at, operand.size)
    cpu.set('rsp', offsetBy(at, operand.size))
    operand.write(cpu, value)
    return next
  }
}

/** An operand that rsp addresses is found with the rsp behind the pop (SDM vol. 2, POP). */
function intoMemory({ size, at }: MemoryOperand, next: Address): Action {
  return (cpu) => {
    const from = top(cpu)
    const after = offsetBy(from, size)
    const to = at(withStackPointer(cpu, after))
    if (to !== from && overlaps(from, to, size)) return undefined
    cpu.write(to, size, cpu.read(from, size))
    cpu.set('rsp', after)
    return next
  }
}

/** The same state as address computations see it behind the pop. */
function withStackPointer(cpu: CpuState, rsp: Address): CpuState {
  return {
    get: (register) => (register === 'rsp' ? rsp : cpu.get(register)),
    set: (register, value) => cpu.set(register, value),
    rip: cpu.rip,
    eflags: cpu.eflags,
    fsBase: cpu.fsBase,
    gsBase: cpu.gsBase,
    read: (from, size) => cpu.read(address(from), size),
    write: (to, size, value) => cpu.write(to, size, value),
  }
}
