import { address, offsetBy } from '../../../bytes/address.js'
import { isRefusal } from '../../../refusal/refusal.js'
import { jump } from '../machine-code.js'
import { branchDestination } from './branch-destination.js'
import type { RelocationCase } from './relocation-case.js'

/** Bytes of `jmp rel8`. */
const SHORT_JUMP_LENGTH = 2

/**
 * `loop`, `loope`, `loopne`, `jrcxz`, `jecxz` have only a short form, and rewriting them as `dec; jnz` would change the
 * flags. So: the same instruction, over a jump that skips the jump to the target.
 */
export const counterJump: RelocationCase = {
  name: 'loop, jrcxz',
  applies: (instruction) => instruction.isLoop || instruction.isLoopcc || instruction.isJcxShort,
  encode(relocation) {
    const target = branchDestination(relocation)
    if (isRefusal(target)) return target
    const { instruction, bytes, from, to } = relocation
    const counting = [...bytes.subarray(0, -1), SHORT_JUMP_LENGTH]
    const taken = jump(offsetBy(to, counting.length + SHORT_JUMP_LENGTH), target)
    const behind = { resumesAt: offsetBy(from, bytes.length), stackDelta: 0 }
    const there = { resumesAt: address(instruction.nearBranchTarget), stackDelta: 0 }
    return [{ bytes: counting }, { bytes: [0xeb, taken.length], exit: behind }, { bytes: taken, exit: there }]
  },
}
