import type { DeadState } from '../../../src/codegen/x64/preserve.js'

/** What may be dead where a handler runs: nothing, what usually is where a function begins, everything that a call may change. */
export const states: readonly DeadState[] = [
  { flagsDead: false, deadRegisters: [], redZone: 128 },
  { flagsDead: true, deadRegisters: [0, 10, 11], redZone: 128 },
  { flagsDead: true, deadRegisters: [0, 1, 2, 6, 7, 8, 9, 10, 11], redZone: 128 },
]
