import type { Assembler, Register } from './assembler.js'
import { RAX, RSP } from './assembler.js'

/** What of the program's state is dead where the code is placed. */
export interface DeadState {
  readonly flagsDead: boolean
  readonly deadRegisters: readonly Register[]
  /** Bytes below the stack pointer that belong to the program: 128 by the System V ABI, 0 in Go. */
  readonly redZone: number
}

/** What the preserved code may use. */
export interface Inside {
  readonly scratch: readonly Register[]
  /** The red zone still to be skipped by whoever pushes. */
  readonly redZone: number
}

/**
 * Emits `body` so that nothing of the program's state is lost: takes dead registers where there are enough, pushes
 * others below the red zone where not, and keeps live flags in ax.
 */
export function emitPreserving(
  asm: Assembler,
  state: DeadState,
  registersWanted: number,
  body: (inside: Inside) => void,
): void {
  const needsAx = !state.flagsDead
  const dead = state.deadRegisters.filter((register) => register !== RSP && !(needsAx && register === RAX))
  const scratch = dead.slice(0, registersWanted)
  const pushed = pushable(scratch, registersWanted - scratch.length)
  if (needsAx && !state.deadRegisters.includes(RAX)) pushed.push(RAX)
  const redZone = pushed.length > 0 ? state.redZone : 0
  asm.moveStack(-redZone)
  for (const register of pushed) asm.push(register)
  if (needsAx) asm.saveFlags()
  const borrowed = pushed.filter((register) => !(needsAx && register === RAX))
  body({ scratch: [...scratch, ...borrowed], redZone: state.redZone - redZone })
  if (needsAx) asm.restoreFlags()
  for (const register of pushed.toReversed()) asm.pop(register)
  asm.moveStack(redZone)
}

/** r11, r10, r9 …: any register can be pushed; these are the least likely to be waited for. */
const preference: readonly Register[] = [11, 10, 9, 8]

function pushable(taken: readonly Register[], count: number): Register[] {
  return preference.filter((register) => !taken.includes(register)).slice(0, count)
}
