import { offsetBy } from '../../../bytes/address.js'
import { PLACE, PLACE_KEY, type TableLayout } from '../../../store/program-layout.js'
import { type Label, RAX, RBX, RCX, RDI, RDX, RSI } from '../assembler.js'
import { type Emission, newLabel } from './emission.js'
import type { Encoder } from './encoder.js'
import { hashBlock, hashWord } from './hash-key.js'
import { memory } from './operand.js'

const R8 = 8
const R9 = 9
const R10 = 10
const R11 = 11

/** Turns of waiting for another thread that is making a place; if it takes longer, the value is lost and counted. */
const PATIENCE = 10_000n

/**
 * Searching a table. Takes the key in rsi: the word, or the address of the block. Returns the place's address in rax, or 0. Changes the
 * work registers and no others. Inside: rdi the table, rdx the place's number, rcx places left, rax the place, rbx the first one
 * that is free, r8 the state of what is there, r9 the map's header, r10 a state, r11 patience.
 */
const saved = [RBX, R8, R9, R10, R11]

/** 0 if the key has no entry. */
export function findRoutine(emission: Emission, map: number, layout: TableLayout): Label {
  return emission.support.routine(`find ${map}`, (code) => {
    const [missing, found, next] = [newLabel(), newLabel(), newLabel()]
    beginSearch(code, emission, layout)
    emitProbes(code, layout, { found, next, empty: missing, other: next, exhausted: missing })
    code.bind(missing)
    code.moveImmediate(RAX, 0n)
    code.bind(found)
    endRoutine(code)
  })
}

/** 1 in rax if there was an entry, which is no more. */
export function deleteRoutine(emission: Emission, map: number, layout: TableLayout): Label {
  return emission.support.routine(`delete ${map}`, (code) => {
    const [missing, found, next, done] = [newLabel(), newLabel(), newLabel(), newLabel()]
    beginSearch(code, emission, layout)
    emitProbes(code, layout, { found, next, empty: missing, other: next, exhausted: missing })
    code.bind(found)
    code.move(RDX, RAX)
    code.move(RAX, R8)
    code.address(R10, memory(R8, PLACE.deleted - PLACE.ready))
    code.compareExchange(memory(RDX), R10, true)
    code.jumpIf('ne', missing)
    code.decrement(memory(R9), true, 4)
    code.moveImmediate(RAX, 1n)
    code.jump(done)
    code.bind(missing)
    code.moveImmediate(RAX, 0n)
    code.bind(done)
    endRoutine(code)
  })
}

/** The entry, made if there was none; 0 if the map is full. */
export function insertRoutine(emission: Emission, map: number, layout: TableLayout): Label {
  return emission.support.routine(`insert ${map}`, (code) => {
    const labels = insertLabels()
    const { again, found, empty, exhausted, full } = labels
    beginSearch(code, emission, layout, again)
    emitProbes(code, layout, labels)
    emitOther(code, labels)
    code.bind(exhausted)
    code.test(RBX, RBX)
    code.jumpIf('e', full)
    code.move(RAX, RBX)
    code.bind(empty)
    emitClaim(code, layout, { again, full })
    code.bind(found)
    endRoutine(code)
    code.bind(full)
    code.moveImmediate(RAX, 0n)
    endRoutine(code)
  })
}

interface InsertLabels extends Outcomes {
  readonly again: Label
  readonly full: Label
}

function insertLabels(): InsertLabels {
  return {
    again: newLabel(),
    found: newLabel(),
    next: newLabel(),
    other: newLabel(),
    empty: newLabel(),
    exhausted: newLabel(),
    full: newLabel(),
  }
}

function beginSearch(code: Encoder, { request }: Emission, layout: TableLayout, again?: Label): void {
  for (const register of saved) code.asm.push(register)
  code.moveImmediate(R11, PATIENCE)
  code.moveImmediate(R9, offsetBy(request.dataAddress, layout.header))
  code.moveImmediate(RDI, offsetBy(request.dataAddress, layout.offset))
  if (again !== undefined) code.bind(again)
  code.load(R8, memory(R9, 4), 4, false)
  code.shift('shl', R8, 32)
  code.arithmeticImmediate('or', R8, BigInt(PLACE.ready))
  if (layout.keySize === 8) hashWord(code, RDX, RSI, layout.shift)
  else hashBlock(code, { to: RDX, block: RSI, counter: RCX, word: RAX }, layout)
  code.moveImmediate(RCX, BigInt(2 ** layout.shift))
  code.moveImmediate(RBX, 0n)
}

function endRoutine(code: Encoder): void {
  for (const register of saved.toReversed()) code.asm.pop(register)
  code.asm.return()
}

interface Outcomes {
  readonly found: Label
  /** Bound here: goes to the next place. */
  readonly next: Label
  /** A place that holds no entry, but once did or soon will; its state is in r10. */
  readonly other: Label
  readonly empty: Label
  readonly exhausted: Label
}

function emitProbes(code: Encoder, layout: TableLayout, { found, next, other, empty, exhausted }: Outcomes): void {
  const go = newLabel()
  code.jump(go)
  code.bind(next)
  code.arithmeticImmediate('add', RDX, 1n)
  code.arithmeticImmediate('and', RDX, BigInt(2 ** layout.shift - 1))
  code.arithmeticImmediate('sub', RCX, 1n)
  code.jumpIf('e', exhausted)
  code.bind(go)
  code.multiplyImmediate(RAX, RDX, BigInt(layout.placeSize))
  code.arithmetic('add', RAX, RDI)
  code.move(R10, memory(RAX))
  code.test(R10, R10)
  code.jumpIf('e', empty)
  code.arithmetic('cmp', R10, R8)
  code.jumpIf('ne', other)
  emitCompareKey(code, layout, next)
  code.jump(found)
}

/** Goes to `different` unless the place in rax has the key. */
function emitCompareKey(code: Encoder, layout: TableLayout, different: Label): void {
  if (layout.keySize === 8) {
    code.arithmetic('cmp', memory(RAX, PLACE_KEY), RSI)
    code.jumpIf('ne', different)
    return
  }
  const again = newLabel()
  // r10 counts from the key's end.
  code.moveImmediate(R10, BigInt(layout.keySize - 8))
  code.asm.push(RCX)
  code.bind(again)
  code.move(RCX, { ...memory(RSI), index: { register: R10, scale: 1 } })
  code.arithmetic('cmp', RCX, { ...memory(RAX, PLACE_KEY), index: { register: R10, scale: 1 } })
  const [same, unequal] = [newLabel(), newLabel()]
  code.jumpIf('ne', unequal)
  code.arithmeticImmediate('sub', R10, 8n)
  code.jumpIf('ns', again)
  code.asm.pop(RCX)
  code.jump(same)
  code.bind(unequal)
  code.asm.pop(RCX)
  code.jump(different)
  code.bind(same)
}

/** A place that another thread is making may become the key's: waits. One that holds nothing any more may be taken. */
function emitOther(code: Encoder, { next, again, other, full }: InsertLabels): void {
  const free = newLabel()
  code.bind(other)
  code.arithmeticImmediate('cmp', R10, BigInt(PLACE.busy), 1)
  code.jumpIf('ne', free)
  code.pause()
  code.arithmeticImmediate('sub', R11, 1n)
  code.jumpIf('e', full)
  code.jump(again)
  code.bind(free)
  code.test(RBX, RBX)
  code.jumpIf('ne', next)
  code.move(RBX, RAX)
  code.jump(next)
}

/** rax is the place where the search ended; rbx comes before it. */
function emitClaim(code: Encoder, layout: TableLayout, { again, full }: { again: Label; full: Label }): void {
  const [chosen, taken, isFull, claimed] = [newLabel(), newLabel(), newLabel(), newLabel()]
  code.test(RBX, RBX)
  code.jumpIf('ne', chosen)
  code.move(RBX, RAX)
  code.bind(chosen)
  code.moveImmediate(R10, 1n)
  code.exchangeAdd(memory(R9), R10, true, 4)
  code.arithmeticImmediate('cmp', R10, BigInt(layout.maxKeys), 4)
  code.jumpIf('ge', isFull)
  code.move(RAX, memory(RBX))
  // Still without an entry, and nobody is making one.
  code.arithmetic('cmp', RAX, R8)
  code.jumpIf('e', taken)
  code.arithmeticImmediate('cmp', RAX, BigInt(PLACE.busy), 1)
  code.jumpIf('e', taken)
  code.address(R10, memory(R8, PLACE.busy - PLACE.ready))
  code.compareExchange(memory(RBX), R10, true)
  code.jumpIf('e', claimed)
  code.bind(taken)
  code.decrement(memory(R9), true, 4)
  code.jump(again)
  code.bind(isFull)
  code.decrement(memory(R9), true, 4)
  code.jump(full)
  code.bind(claimed)
  fillPlace(code, layout)
  code.move(memory(RBX), R8)
  code.move(RAX, RBX)
}

/** Key, and zeros for the value: another entry may have been here. */
function fillPlace(code: Encoder, layout: TableLayout): void {
  if (layout.keySize === 8) code.move(memory(RBX, PLACE_KEY), RSI)
  else {
    const again = newLabel()
    code.moveImmediate(R10, BigInt(layout.keySize - 8))
    code.bind(again)
    code.move(RAX, { ...memory(RSI), index: { register: R10, scale: 1 } })
    code.move({ ...memory(RBX, PLACE_KEY), index: { register: R10, scale: 1 } }, RAX)
    code.arithmeticImmediate('sub', R10, 8n)
    code.jumpIf('ns', again)
  }
  if (layout.valueSize === 0) return
  const more = newLabel()
  code.moveImmediate(R10, BigInt(layout.valueSize - 8))
  code.bind(more)
  code.storeImmediate({ ...memory(RBX, layout.valueOffset), index: { register: R10, scale: 1 } }, 0n, 8)
  code.arithmeticImmediate('sub', R10, 8n)
  code.jumpIf('ns', more)
}
