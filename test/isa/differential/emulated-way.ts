import { type Address, address, hex, offsetBy } from '../../../src/bytes/address.js'
import { type CpuState, MemoryFault, type OperandSize } from '../../../src/isa/x64/emulate/cpu-state.js'
import { emulationOf } from '../../../src/isa/x64/emulate/emulation-of.js'
import { eflagsOf } from '../../../src/isa/x64/emulate/flags.js'
import { registerNames } from '../../../src/isa/x64/registers.js'
import { CODE_AT, GS_BASE, isCode, READ_ONLY, regionOf } from './machine-memory.js'
import type { NativeRunner } from './native-runner.js'
import type { Case } from './random-case.js'
import { stateDifference } from './state-difference.js'
import { differs, type Executed, notServed, same, type Verdict, type Way } from './way.js'

/** The instruction executed on the initial state in TypeScript. */
export const emulatedWay: Way = {
  name: 'emulated',
  compare: (executed, runner) => executed.map((each) => compareOne(each, runner)),
}

const SIGTRAP = 5
const SI_KERNEL = 0x80

function compareOne({ subject, native }: Executed, { memory }: NativeRunner): Verdict {
  const emulation = emulationOf(subject.bytes, CODE_AT)
  if (emulation === undefined) return notServed('not emulated')
  const cpu = new RecordedCpu(subject, memory)
  const done = executeOn(cpu, emulation.execute)
  if (done !== 'done') {
    const touched = cpu.touched(subject)
    if (touched !== undefined) return differs(`${done}, and ${touched}`)
    if (cpu.touchedCode) return notServed('touches code')
    if (done === 'declined') return notServed(`declined: ${emulation.name}`)
    return native.rip === CODE_AT && native.signal !== SIGTRAP ? same : differs('the emulation faults')
  }
  const rip = native.signal === SIGTRAP && native.code === SI_KERNEL ? offsetBy(native.rip, -1) : native.rip
  const state = { rip: cpu.rip, registers: cpu.registers, flags: cpu.eflags }
  const difference =
    stateDifference({ ...native, rip }, state, eflagsOf(subject.undefinedFlags)) ??
    writeDifference(native.changes, cpu.writes, memory)
  return difference === undefined ? same : differs(difference)
}

function executeOn(cpu: CpuState, execute: (cpu: CpuState) => boolean): 'done' | 'declined' | 'faulted' {
  try {
    return execute(cpu) ? 'done' : 'declined'
  } catch (error) {
    if (error instanceof MemoryFault) return 'faulted'
    throw error
  }
}

function writeDifference(
  changes: ReadonlyMap<bigint, bigint>,
  writes: ReadonlyMap<bigint, number>,
  memory: Buffer,
): string | undefined {
  const words = new Map<bigint, bigint>()
  for (const at of [...writes.keys(), ...changes.keys()]) {
    const word = at & ~7n
    const offset = regionOf(word)?.offset ?? 0
    const bytes = Buffer.from(memory.subarray(offset, offset + 8))
    for (let index = 0; index < 8; index++) bytes[index] = writes.get(word + BigInt(index)) ?? bytes[index] ?? 0
    words.set(word, bytes.readBigUInt64LE())
    const expected = changes.get(word) ?? memory.readBigUInt64LE(offset)
    if (bytes.readBigUInt64LE() !== expected) return `the word at ${hex(word)} is ${hex(bytes.readBigUInt64LE())}`
  }
  return undefined
}

/** The state of a case, with writes kept apart by byte. */
class RecordedCpu implements CpuState {
  readonly registers: bigint[]
  readonly writes = new Map<bigint, number>()
  readonly fsBase = 0n
  /** An access to code has been made, and not been answered. */
  touchedCode = false
  readonly gsBase = GS_BASE
  rip: Address = CODE_AT
  eflags: bigint
  readonly #memory: Buffer

  constructor(subject: Case, memory: Buffer) {
    this.registers = [...subject.registers]
    this.eflags = subject.flags
    this.#memory = memory
  }

  get(register: (typeof registerNames)[number]): bigint {
    return this.registers[registerNames.indexOf(register)] ?? 0n
  }

  set(register: (typeof registerNames)[number], value: bigint): void {
    this.registers[registerNames.indexOf(register)] = value
  }

  read(at: Address, size: OperandSize): bigint {
    const offset = this.#offset(at, size)
    return BigInt.asUintN(
      8 * size,
      this.#memory.subarray(offset, offset + 8).length < 8
        ? BigInt(this.#memory.readUIntLE(offset, Math.min(size, 6)))
        : this.#memory.readBigUInt64LE(offset),
    )
  }

  write(at: Address, size: OperandSize, value: bigint): void {
    this.#offset(at, size)
    if (regionOf(at)?.region === READ_ONLY) throw new MemoryFault(at)
    for (let index = 0; index < size; index++) {
      this.writes.set(at + BigInt(index), Number((value >> BigInt(8 * index)) & 0xffn))
    }
  }

  /** What has been changed by an emulation that said that it did nothing. */
  touched(subject: Case): string | undefined {
    if (this.writes.size > 0) return 'memory was written'
    const before = { rip: CODE_AT, registers: subject.registers, flags: subject.flags }
    return stateDifference(before, { rip: this.rip, registers: this.registers, flags: this.eflags })
  }

  #offset(at: Address, size: OperandSize): number {
    this.touchedCode ||= isCode(at)
    const found = regionOf(at)
    const last = regionOf(address(at + BigInt(size - 1)))
    if (found === undefined || last?.region !== found.region) throw new MemoryFault(at)
    return found.offset
  }
}
