import { hex } from '../../../bytes/address.js'
import { assert } from '../../../bytes/assert.js'
import { type Refusal, refuse } from '../../../refusal/refusal.js'
import { RegisterExt } from '../iced.js'
import { InstructionCursor } from '../instruction-cursor.js'
import { usedGeneralRegisters } from '../used-registers.js'
import { opcodeOffset, rexOffset } from './prefixes.js'
import type { Relocation } from './relocation-case.js'

/** An instruction whose `[rip + disp32]` operand has become `[scratch]`. */
export interface ScratchOperand {
  readonly scratch: number
  readonly bytes: readonly number[]
}

/**
 * Registers whose number needs no REX.B and whose ModRM form has no exceptions. No instruction uses all six:
 * `cmpxchg16b` leaves rsi and rdi.
 */
const scratchRegisters = [6, 7, 0, 1, 2, 3] as const

const VEX3 = 0xc4
const EVEX = 0x62
const XOP = 0x8f
/** REX.B, which VEX, XOP and EVEX hold inverted in bit 5 of the byte behind the first (SDM vol. 2, 2.3.5 and 2.7.1). */
const REX_B = 0x01
const INVERTED_B = 0x20

/** Gives an instruction a register for its operand's address that it does not use, explicitly or implicitly. */
export function scratchOperand(relocation: Relocation): ScratchOperand | Refusal {
  const { instruction, bytes, from } = relocation
  const used = usedGeneralRegisters(instruction)
  const scratch = scratchRegisters.find((register) => !used.has(register))
  assert(scratch !== undefined, `the instruction at ${hex(from)} uses all registers`)
  const moved = withBase(bytes, relocation.displacementOffset(), scratch)
  if (sameWithBase(relocation, moved, scratch)) return { scratch, bytes: moved }
  return refuse('not-relocatable', `the instruction at ${hex(from)} has an encoding that cannot be given a register`)
}

/** ModRM without displacement stands for ModRM and disp32; the base register's high bit is cleared. */
function withBase(bytes: Uint8Array, displacementOffset: number, scratch: number): number[] {
  const modrm = displacementOffset - 1
  const head = [...bytes.subarray(0, modrm)]
  const at = opcodeOffset(bytes)
  const rex = rexOffset(bytes)
  if (rex !== undefined) head[rex] = (head[rex] ?? 0) & ~REX_B
  if (hasInvertedBase(bytes, at)) head[at + 1] = (head[at + 1] ?? 0) | INVERTED_B
  return [...head, ((bytes[modrm] ?? 0) & 0x38) | scratch, ...bytes.subarray(displacementOffset + 4)]
}

/** `8f /0` is pop; with a map of 8 or more behind it, it is XOP (APM vol. 3, 1.1.7). */
function hasInvertedBase(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]
  return first === VEX3 || first === EVEX || (first === XOP && ((bytes[at + 1] ?? 0) & 0x1f) >= 8)
}

/** Asks the decoder whether that is the same instruction with the operand `[scratch]`. */
function sameWithBase({ instruction, from }: Relocation, moved: readonly number[], scratch: number): boolean {
  using cursor = new InstructionCursor(Uint8Array.from(moved), from)
  if (!cursor.next() || cursor.nextOffset !== moved.length) return false
  const { code, memoryBase, memoryDisplacementU64 } = cursor.instruction
  const isBase = RegisterExt.isGPR(memoryBase) && RegisterExt.number(memoryBase) === scratch
  return code === instruction.code && isBase && memoryDisplacementU64 === 0n
}
