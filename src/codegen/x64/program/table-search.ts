import { offsetBy } from '../../../bytes/address.js'
import { PLACE, PLACE_KEY, type TableLayout } from '../../../store/program-layout.js'
import { type Label, RAX, RBX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import { type Emission, newLabel } from './emission.js'
import type { Encoder } from './encoder.js'
import { hashKey } from './hash-key.js'
import { indexed, memory } from './operand.js'

/** What the routines of tables call registers 8 to 13. */
export const search = {
  /** The state of an entry that is there: the generation, and PLACE.ready. */
  ready: 8,
  /** The map's header. */
  header: 9,
  /** The state of a place, or anything else. */
  state: 10,
  /** Turns of waiting for other threads that are left. */
  patience: 11,
  /** What marks places that this thread is making: bits 8 to 31 of their states. */
  owner: 12,
  scratch: 13,
} as const

const { ready: R8, header: R9, state: R10 } = search

/** What a search changes that is not a work register. */
export const searchRegisters: readonly Register[] = [RBX, R8, R9, R10]

/** Sets everything up to look at the key's first place. `again` begins anew. */
export function beginSearch(code: Encoder, { request }: Emission, layout: TableLayout, again?: Label): void {
  code.moveImmediate(R9, offsetBy(request.dataAddress, layout.header))
  code.moveImmediate(RDI, offsetBy(request.dataAddress, layout.offset))
  if (again !== undefined) code.bind(again)
  code.load(R8, memory(R9, 4), 4, false)
  code.shift('shl', R8, 32)
  code.arithmeticImmediate('or', R8, BigInt(PLACE.ready))
  hashKey(code, layout)
  code.moveImmediate(RCX, BigInt(2 ** layout.shift))
  code.moveImmediate(RBX, 0n)
}

export function enterRoutine(code: Encoder, saved: readonly Register[]): void {
  for (const register of saved) code.asm.push(register)
}

export function leaveRoutine(code: Encoder, saved: readonly Register[]): void {
  for (const register of saved.toReversed()) code.asm.pop(register)
  code.asm.return()
}

export interface Outcomes {
  readonly found: Label
  /** Bound here: goes to the next place. */
  readonly next: Label
  /** A place that holds no entry, but once did or soon may; its state is in r10. */
  readonly other: Label
  readonly empty: Label
  readonly exhausted: Label
}

/** Looks at one place after another. */
export function emitProbes(
  code: Encoder,
  layout: TableLayout,
  { found, next, other, empty, exhausted }: Outcomes,
): void {
  const go = newLabel()
  code.jump(go)
  code.bind(next)
  advance(code, layout, exhausted)
  code.bind(go)
  loadPlace(code, layout)
  code.test(R10, R10)
  code.jumpIf('e', empty)
  code.arithmetic('cmp', R10, R8)
  code.jumpIf('ne', other)
  emitCompareKey(code, layout, next)
  code.jump(found)
}

/** The next place, in the order in which all searches of a key go. */
export function advance(code: Encoder, layout: TableLayout, exhausted: Label): void {
  code.arithmeticImmediate('add', RDX, 1n)
  code.arithmeticImmediate('and', RDX, BigInt(2 ** layout.shift - 1))
  code.arithmeticImmediate('sub', RCX, 1n)
  code.jumpIf('e', exhausted)
}

export function loadPlace(code: Encoder, layout: TableLayout): void {
  code.multiplyImmediate(RAX, RDX, BigInt(layout.placeSize))
  code.arithmetic('add', RAX, RDI)
  code.move(R10, memory(RAX))
}

/** Goes to `different` unless the place in rax has the key. Changes r10. */
export function emitCompareKey(code: Encoder, layout: TableLayout, different: Label): void {
  if (layout.keySize === 8) {
    code.arithmetic('cmp', memory(RAX, PLACE_KEY), RSI)
    code.jumpIf('ne', different)
    return
  }
  const unequal = newLabel()
  code.asm.push(RCX)
  if (layout.keyEndsAtZero) compareWords(code, layout, unequal)
  else compareBlock(code, layout, unequal)
  const same = newLabel()
  code.asm.pop(RCX)
  code.jump(same)
  code.bind(unequal)
  code.asm.pop(RCX)
  code.jump(different)
  code.bind(same)
}

/** From its end. */
function compareBlock(code: Encoder, { keySize }: TableLayout, unequal: Label): void {
  const again = newLabel()
  code.moveImmediate(R10, BigInt(keySize - 8))
  code.bind(again)
  code.move(RCX, indexed(RSI, R10, 1))
  code.arithmetic('cmp', RCX, indexed(RAX, R10, 1, PLACE_KEY))
  code.jumpIf('ne', unequal)
  code.arithmeticImmediate('sub', R10, 8n)
  code.jumpIf('ns', again)
}

/** Up to the first word of zero. */
function compareWords(code: Encoder, { keySize }: TableLayout, unequal: Label): void {
  const [again, equal] = [newLabel(), newLabel()]
  code.moveImmediate(R10, 0n)
  code.bind(again)
  code.move(RCX, indexed(RSI, R10, 1))
  code.arithmetic('cmp', RCX, indexed(RAX, R10, 1, PLACE_KEY))
  code.jumpIf('ne', unequal)
  code.test(RCX, RCX)
  code.jumpIf('e', equal)
  code.arithmeticImmediate('add', R10, 8n)
  code.arithmeticImmediate('cmp', R10, BigInt(keySize))
  code.jumpIf('b', again)
  code.bind(equal)
}
