import assert from 'node:assert/strict'
import { address } from '../../src/bytes/address.js'
import { Assembler, type Register } from '../../src/codegen/x64/assembler.js'
import { x64 } from '../../src/isa/x64/x64.js'

/** Where the code of these tests is said to lie. */
export const BASE = address(0x5000_0000_0000n)
export const registers: readonly Register[] = Array.from({ length: 16 }, (_, number) => number)

export function name64(register: Register): string {
  return x64.registerNames[register] ?? assert.fail()
}

/** SDM vol. 2, table 2-2 and 3.1.1.1. */
export function name32(register: Register): string {
  return register < 8 ? name64(register).replace('r', 'e') : `${name64(register)}d`
}

/** `[base+0x10]`, as the disassembler writes it. */
export function memory(base: Register, displacement: number): string {
  if (displacement === 0) return `[${name64(base)}]`
  return `[${name64(base)}${displacement < 0 ? '-' : '+'}0x${Math.abs(displacement).toString(16)}]`
}

/** What iced-x86 reads in what was emitted, an instruction a line. */
export function emitted(emit: (asm: Assembler) => void): string[] {
  const asm = new Assembler(BASE)
  emit(asm)
  return x64.disassemble(asm.finish(), BASE).map(({ text }) => text)
}

export function assertEmits(emit: (asm: Assembler) => void, ...text: readonly string[]): void {
  assert.deepEqual(emitted(emit), text)
}
