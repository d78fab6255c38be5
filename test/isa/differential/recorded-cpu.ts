import { type Address, address } from '../../../src/bytes/address.js'
import {
  type CpuState,
  type GeneralRegisterName,
  MemoryFault,
  type OperandSize,
} from '../../../src/isa/x64/emulate/cpu-state.js'
import { registerNames } from '../../../src/isa/x64/registers.js'
import { CODE_AT, GS_BASE, isCode, READ_ONLY, regionOf } from './machine-memory.js'
import type { Case } from './random-case.js'

/** The state of a case over the runner's memory, with writes kept apart by byte. */
export class RecordedCpu implements CpuState {
  readonly registers: bigint[]
  readonly fsBase = 0n
  readonly gsBase = GS_BASE
  rip: Address = CODE_AT
  eflags: bigint
  /** An access to code has been made, and not been answered. */
  touchedCode = false

  /** @param writes what has been written before, and where more goes. */
  constructor(
    { registers, flags }: Case,
    readonly memory: Buffer,
    readonly writes = new Map<bigint, number>(),
  ) {
    this.registers = [...registers]
    this.eflags = flags
  }

  get(register: GeneralRegisterName): bigint {
    return this.registers[registerNames.indexOf(register)] ?? 0n
  }

  set(register: GeneralRegisterName, value: bigint): void {
    this.registers[registerNames.indexOf(register)] = value
  }

  read(at: Address, size: OperandSize): bigint {
    this.#check(at, size)
    let value = 0n
    for (let index = size - 1; index >= 0; index--) value = (value << 8n) | BigInt(this.#byte(at + BigInt(index)))
    return value
  }

  write(at: Address, size: OperandSize, value: bigint): void {
    this.#check(at, size)
    if (regionOf(at)?.region === READ_ONLY) throw new MemoryFault(at)
    for (let index = 0; index < size; index++) {
      this.writes.set(at + BigInt(index), Number((value >> BigInt(8 * index)) & 0xffn))
    }
  }

  #byte(at: bigint): number {
    return this.writes.get(at) ?? this.memory[regionOf(at)?.offset ?? 0] ?? 0
  }

  #check(at: Address, size: OperandSize): void {
    this.touchedCode ||= isCode(at)
    const region = regionOf(at)?.region
    if (region === undefined || regionOf(address(at + BigInt(size - 1)))?.region !== region) throw new MemoryFault(at)
  }
}
