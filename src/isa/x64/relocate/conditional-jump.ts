import { offsetBy } from '../../../bytes/address.js'
import { isRefusal } from '../../../refusal/refusal.js'
import { FAR_JUMP_LENGTH, farJump, int32Bytes, relative32 } from '../machine-code.js'
import { branchDestination } from './branch-destination.js'
import { opcodeOffset } from './prefixes.js'
import type { RelocationCase } from './relocation-case.js'

const NEAR_JCC_LENGTH = 6

/** `jcc rel8`, `jcc rel32` → `jcc rel32`; beyond its reach the opposite condition jumps over an absolute jump. */
export const conditionalJump: RelocationCase = {
  name: 'jcc',
  applies: (instruction) => instruction.isJccShortOrNear,
  encode(relocation) {
    const target = branchDestination(relocation)
    if (isRefusal(target)) return target
    const condition = conditionOf(relocation.bytes)
    const relative = relative32(offsetBy(relocation.to, NEAR_JCC_LENGTH), target)
    if (relative !== undefined) return [{ bytes: [0x0f, 0x80 | condition, ...int32Bytes(relative)] }]
    const again = { resumesAt: relocation.from, stackDelta: 0 }
    return [{ bytes: [0x70 | (condition ^ 1), FAR_JUMP_LENGTH] }, { bytes: farJump(target), exit: again }]
  },
}

/** The low four bits of the opcode: `7c` and `0f 8c` are the same condition, and bit 0 negates (SDM vol. 2, B.1.4.7). */
function conditionOf(bytes: Uint8Array): number {
  const at = opcodeOffset(bytes)
  const opcode = bytes[at] === 0x0f ? bytes[at + 1] : bytes[at]
  return (opcode ?? 0) & 0xf
}
