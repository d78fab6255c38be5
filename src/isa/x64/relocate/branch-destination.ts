import { type Address, address, hex } from '../../../bytes/address.js'
import { type Refusal, refuse } from '../../../refusal/refusal.js'
import { hasNarrowOperand } from './prefixes.js'
import type { Relocation } from './relocation-case.js'

/**
 * Where a relative branch has to lead once it is moved. AMD processors truncate the target of a near branch with an
 * operand size prefix to 16 bits and Intel's ignore the prefix (SDM and APM, JMP): such a branch is refused.
 */
export function branchDestination({ instruction, bytes, from, destination }: Relocation): Address | Refusal {
  if (hasNarrowOperand(bytes)) {
    return refuse(
      'not-relocatable',
      `the branch at ${hex(from)} has an operand size prefix, on which processors disagree`,
    )
  }
  return destination(address(instruction.nearBranchTarget))
}
