import { PLACE } from '../../../store/program-layout.js'
import { type Label, RAX, RBX } from '../assembler.js'
import { ownState } from './count-entry.js'
import { newLabel } from './emission.js'
import type { Encoder } from './encoder.js'
import { memory } from './operand.js'
import { search } from './table-search.js'

const { ready: R8, state: R10, patience, owner, scratch } = search

/** From one state to the next. Goes to `taken` if somebody has given it up in the meantime. */
export function publish(code: Encoder, from: number, to: number, taken: Label): void {
  ownState(code, RAX, from)
  if (to === PLACE.ready) code.move(R10, R8)
  else ownState(code, R10, to)
  code.compareExchange(memory(RBX), R10, true)
  code.jumpIf('ne', taken)
}

/** Waits a moment for whoever is making the place in rax, whose state is in r10; gives up if that lasts, or is this very thread. */
export function waitFor(code: Encoder, missed: Label): void {
  const waited = newLabel()
  code.move(scratch, R10)
  code.arithmetic('xor', scratch, owner)
  code.arithmeticImmediate('and', scratch, -256n, 4)
  code.jumpIf('e', missed)
  code.pause()
  code.arithmeticImmediate('sub', patience, 1n)
  code.jumpIf('ne', waited)
  code.move(scratch, RAX)
  code.move(RAX, R10)
  code.arithmeticImmediate('and', R10, -256n)
  code.arithmeticImmediate('or', R10, BigInt(PLACE.abandoned))
  code.compareExchange(memory(scratch), R10, true)
  code.jump(missed)
  code.bind(waited)
}
