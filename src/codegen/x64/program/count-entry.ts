import type { Label } from '../assembler.js'
import { RAX, type Register } from '../assembler.js'
import { newLabel } from './emission.js'
import type { Encoder } from './encoder.js'
import { indexed, memory } from './operand.js'
import { search } from './table-search.js'

const { header, state, ready } = search

/** Where to go if the map is full, and if it has been cleared since the search began. */
interface CountLabels {
  readonly full: Label
  readonly cleared: Label
}

/** One more entry in the map's header. Changes rax and r10. */
export function countEntry(code: Encoder, maxKeys: number, { full, cleared }: CountLabels): void {
  const again = newLabel()
  code.move(RAX, memory(header))
  code.bind(again)
  isOtherGeneration(code, RAX)
  code.jumpIf('ne', cleared)
  code.arithmeticImmediate('cmp', RAX, BigInt(maxKeys), 4)
  code.jumpIf('ae', full)
  code.address(state, memory(RAX, 1))
  code.compareExchange(memory(header), state, true)
  code.jumpIf('ne', again)
}

/** One entry less, unless the map has been cleared. Changes rax and r10. */
export function discountEntry(code: Encoder): void {
  const [again, done] = [newLabel(), newLabel()]
  code.move(RAX, memory(header))
  code.bind(again)
  isOtherGeneration(code, RAX)
  code.jumpIf('ne', done)
  code.address(state, memory(RAX, -1))
  code.compareExchange(memory(header), state, true)
  code.jumpIf('ne', again)
  code.bind(done)
}

/** Sets the condition `ne` if the upper half of a header or a state is not that of the search. Changes r10. */
function isOtherGeneration(code: Encoder, of: Register): void {
  code.move(state, of)
  code.arithmetic('xor', state, ready)
  code.shift('shr', state, 32)
}

/** A state of this generation: of an entry that this thread is making, or of none. */
export function ownState(code: Encoder, to: Register, place: number): void {
  code.address(to, indexed(ready, search.owner, 1, place - 1))
}
