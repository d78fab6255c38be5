import { Decoder, DecoderOptions, type Instruction, Register, RegisterExt } from '../../../src/isa/x64/iced.js'
import type { Case } from '../../isa/differential/random-case.js'

const RED_ZONE = -128n

/**
 * Whether an instruction may read what is below the red zone: dead memory, which a trampoline uses. Where a gather reads is
 * not computed: near the stack pointer is enough.
 */
export function mayReadBelowRedZone({ bytes, at, registers }: Case): boolean {
  const decoder = new Decoder(64, bytes, DecoderOptions.None)
  decoder.ip = at
  const instruction = decoder.decode()
  try {
    if (instruction.memoryBase !== Register.RSP) return false
    return instruction.isVsib || offsetFromStack(instruction, registers) < RED_ZONE
  } finally {
    instruction.free()
    decoder.free()
  }
}

function offsetFromStack(instruction: Instruction, registers: readonly bigint[]): bigint {
  const { memoryIndex, memoryIndexScale, memoryDisplacement } = instruction
  const index = memoryIndex === Register.None ? 0n : (registers[RegisterExt.number(memoryIndex)] ?? 0n)
  return BigInt.asIntN(64, memoryDisplacement + index * BigInt(memoryIndexScale))
}
