import { address } from '../../../bytes/address.js'
import { conditionOf } from './condition.js'
import type { EmulationCase } from './emulation-case.js'

/** jcc rel8, jcc rel32. */
export const conditionalJump: EmulationCase = {
  name: 'jcc',
  applies: (instruction) => instruction.isJccShortOrNear,
  emulate({ instruction, next }) {
    const target = address(instruction.nearBranchTarget)
    const holds = conditionOf(instruction)
    return holds && { memory: 'none', action: (cpu) => (holds(cpu) ? target : next) }
  },
}
