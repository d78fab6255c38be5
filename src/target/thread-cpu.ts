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

  read(at: Address, size: OperandSize): bigint {
    const word = Buffer.alloc(8)
    // Unlike /proc/PID/mem, this respects what the thread itself may read.
    if (this.memory.readInto(at, word.subarray(0, size)) !== size) throw new MemoryFault(at)
    return word.readBigUInt64LE()
  }

  write(at: Address, size: OperandSize, value: bigint): void {
    const word = Buffer.alloc(8)
    word.writeBigUInt64LE(BigInt.asUintN(64, value))
    if (!this.memory.writeAsThread(at, word.subarray(0, size))) throw new MemoryFault(address(at))
  }
}
