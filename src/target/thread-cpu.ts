import { type Address, address } from '../bytes/address.js'
import { type CpuState, type GeneralRegisterName, MemoryFault, type OperandSize } from '../isa/x64/emulate/cpu-state.js'
import type { Memory } from './memory.js'
import type { Registers } from './registers.js'

/** A stopped thread's registers and memory, for instructions that are executed on them. */
export class ThreadCpu implements CpuState {
  constructor(
    private readonly registers: Registers,
    private readonly memory: Memory,
  ) {}

  get(register: GeneralRegisterName): bigint {
    return this.registers.get(register)
  }

  set(register: GeneralRegisterName, value: bigint): void {
    this.registers.set(register, value)
  }

  get rip(): Address {
    return this.registers.rip
  }

  set rip(value: Address) {
    this.registers.set('rip', value)
  }

  get eflags(): bigint {
    return this.registers.get('eflags')
  }

  set eflags(value: bigint) {
    this.registers.set('eflags', value)
  }

  get fsBase(): bigint {
    return this.registers.get('fs_base')
  }

  get gsBase(): bigint {
    return this.registers.get('gs_base')
  }

  /** Unlike /proc/PID/mem, this respects what the thread itself may read and write. */
  read(at: Address, size: OperandSize): bigint {
    const value = this.memory.readWordAsThread(at, size)
    if (value === undefined) throw new MemoryFault(at)
    return value
  }

  write(at: Address, size: OperandSize, value: bigint): void {
    if (!this.memory.writeWordAsThread(at, size, value)) throw new MemoryFault(address(at))
  }
}
