import { hex } from '../../../src/bytes/address.js'
import { registerNames } from '../../../src/isa/x64/registers.js'
import { x64 } from '../../../src/isa/x64/x64.js'
import { hexText } from '../vector-file.js'
import type { Case } from './random-case.js'

/** A case in one line: bytes, text, and the state that it begins with. */
export function disassembleCase({ bytes, at, registers, flags, vectors }: Case): string {
  const text = x64.disassemble(bytes, at).map((line) => line.text)
  const state = registerNames.map((name, index) => `${name}=${hex(registers[index] ?? 0n)}`)
  return `${hexText(bytes)} | ${text.join('; ')} | ${state.join(' ')} flags=${hex(flags)} vectors=${vectors}`
}
