import { isRefusal } from '../../../refusal/refusal.js'
import { jump } from '../machine-code.js'
import { branchDestination } from './branch-destination.js'
import type { RelocationCase } from './relocation-case.js'

/** `jmp rel8`, `jmp rel32` → `jmp rel32`, or an absolute jump beyond its reach. */
export const directJump: RelocationCase = {
  name: 'jmp',
  applies: (instruction) => instruction.isJmpShortOrNear,
  encode(relocation) {
    const target = branchDestination(relocation)
    return isRefusal(target) ? target : [{ bytes: jump(relocation.to, target) }]
  },
}
