import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, address, hex, offsetBy } from '../../src/bytes/address.js'
import {
  type CpuState,
  type GeneralRegisterName,
  MemoryFault,
  type OperandSize,
} from '../../src/isa/x64/emulate/cpu-state.js'
import { emulationOf } from '../../src/isa/x64/emulate/emulation-of.js'
import { registerNames } from '../../src/isa/x64/registers.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { hexBytes, vectorText } from './vector-file.js'

const AT = address(0x200001000n)
const FLAGS = 0x202n

/** A state as the vectors write it: `rax=…` for registers, `[address]=…` for quadwords of memory, `flags` beside 202. */
class VectorCpu implements CpuState {
  readonly fsBase = 0x7000n
  readonly gsBase = 0x8000n
  rip: Address = AT
  eflags = FLAGS
  readonly #words = new Map<string, bigint>()
  readonly #bytes = new Map<bigint, number>()

  constructor(text: string) {
    for (const [, name = '', value = ''] of text.matchAll(/(\S+)=([0-9a-f]+)/g)) {
      const number = BigInt(`0x${value}`)
      if (name === 'flags') this.eflags |= number
      else if (name.startsWith('[')) this.#put(BigInt(`0x${name.slice(1, -1)}`), 8, number)
      else this.#words.set(name, number)
    }
  }

  get(register: GeneralRegisterName): bigint {
    return this.#words.get(register) ?? 0n
  }

  set(register: GeneralRegisterName, value: bigint): void {
    this.#words.set(register, value)
  }

  read(at: Address, size: OperandSize): bigint {
    let value = 0n
    for (let index = size - 1; index >= 0; index--) value = (value << 8n) | BigInt(this.#byte(offsetBy(at, index)))
    return value
  }

  write(at: Address, size: OperandSize, value: bigint): void {
    for (let index = 0; index < size; index++) this.#byte(offsetBy(at, index))
    this.#put(at, size, value)
  }

  #byte(at: Address): number {
    const byte = this.#bytes.get(at)
    if (byte === undefined) throw new MemoryFault(at)
    return byte
  }

  #put(at: bigint, size: number, value: bigint): void {
    for (let index = 0; index < size; index++)
      this.#bytes.set(at + BigInt(index), Number((value >> BigInt(8 * index)) & 0xffn))
  }

  /** What differs from another state, in the order of registers, flags, memory, rip. */
  since(before: VectorCpu): string {
    const changed = registerNames.filter((name) => this.get(name) !== before.get(name))
    const parts = changed.map((name) => `${name}=${this.get(name).toString(16)}`)
    if (this.eflags !== before.eflags) parts.push(`flags=${(this.eflags & ~FLAGS).toString(16)}`)
    for (const at of this.#bytes.keys()) {
      const word = address(at & ~7n)
      const differs = at === word && this.read(word, 8) !== before.read(word, 8)
      if (differs) parts.push(`[${word.toString(16)}]=${this.read(word, 8).toString(16)}`)
    }
    parts.push(`rip=${this.rip.toString(16)}`)
    return parts.join(' ')
  }
}

function emulatedText(bytes: Uint8Array, state: string): string {
  const emulation = emulationOf(bytes, AT)
  if (emulation === undefined) return 'not emulated'
  const cpu = new VectorCpu(state)
  const before = new VectorCpu(state)
  try {
    if (emulation.execute(cpu)) return cpu.since(before)
    assert.equal(cpu.since(before), `rip=${AT.toString(16)}`, 'a declined emulation has changed nothing')
    return 'declined'
  } catch (error) {
    if (!(error instanceof MemoryFault)) throw error
    assert.equal(cpu.since(before), `rip=${AT.toString(16)}`, 'a fault has changed nothing')
    return `fault at ${hex(error.at)}`
  }
}

for (const line of vectorText('emulate.txt').split('\n')) {
  const [bytes, asm, state, expected] = line.split(' | ')
  if (bytes === undefined || asm === undefined || state === undefined || expected === undefined) continue
  test(`${asm} with ${state} is ${expected}`, () => {
    assert.equal(x64.disassemble(hexBytes(bytes), AT)[0]?.text, asm)
    assert.equal(emulatedText(hexBytes(bytes), state), expected)
  })
}
