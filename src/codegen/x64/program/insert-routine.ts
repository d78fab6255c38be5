import { offsetBy } from '../../../bytes/address.js'
import { CONTROL, PLACE, PLACE_KEY, type TableLayout } from '../../../store/program-layout.js'
import { type Label, RAX, RBX, RSI } from '../assembler.js'
import { publish, waitFor } from './claimed-place.js'
import { countEntry, discountEntry, ownState } from './count-entry.js'
import { type Emission, newLabel } from './emission.js'
import type { Encoder } from './encoder.js'
import { indexed, memory } from './operand.js'
import { settleClaim } from './settle-claim.js'
import { THREAD_FACTOR } from './slot.js'
import {
  beginSearch,
  emitProbes,
  enterRoutine,
  leaveRoutine,
  type Outcomes,
  search,
  searchRegisters,
} from './table-search.js'

const { ready: R8, state: R10, patience, owner, scratch } = search

/** Turns of waiting for a thread that is making an entry. Longer than it takes, but for one that the kernel has stopped. */
const PATIENCE = 10_000n

const saved = [...searchRegisters, patience, owner, scratch]

/** What the routine returns if the entry could not be made in this hit; that has been counted. */
export const MISSED = 1n

interface InsertLabels extends Outcomes {
  readonly again: Label
  readonly full: Label
  readonly missed: Label
}

/**
 * The entry, made if there was none; 0 if the map is full; MISSED. A place goes from one state to another by exchange only:
 *
 *     empty, deleted, of an earlier generation -> busy -> claimed -> ready
 *
 * While it is busy its key is not there yet; `claimed` is only for maps from which the program deletes: see `settleClaim`. Others wait
 * for it, but not the thread itself, which would be waiting for what its signal handler has interrupted. Those that have waited too
 * long make the place `abandoned`, which it stays.
 */
export function insertRoutine(emission: Emission, map: number, layout: TableLayout): Label {
  return emission.support.routine(`insert ${map}`, (code) => {
    const labels = insertLabels()
    const { again, found, empty, exhausted, full, missed } = labels
    enterRoutine(code, saved)
    code.moveImmediate(patience, PATIENCE)
    code.asm.loadThreadPointer(owner)
    code.multiplyImmediate(owner, owner, THREAD_FACTOR, 4)
    code.arithmeticImmediate('and', owner, -256n)
    beginSearch(code, emission, layout, again)
    emitProbes(code, layout, labels)
    emitOther(code, labels)
    code.bind(exhausted)
    code.test(RBX, RBX)
    code.jumpIf('e', full)
    code.bind(empty)
    emitClaim(code, layout, labels)
    code.bind(found)
    leaveRoutine(code, saved)
    code.bind(full)
    code.moveImmediate(RAX, 0n)
    leaveRoutine(code, saved)
    code.bind(missed)
    code.moveImmediate(RAX, offsetBy(emission.request.dataAddress, CONTROL.missed))
    code.increment(memory(RAX), true)
    code.moveImmediate(RAX, MISSED)
    leaveRoutine(code, saved)
  })
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
    missed: newLabel(),
  }
}

/** A place that somebody is making may become the key's. One that holds nothing any more may be taken. */
function emitOther(code: Encoder, { next, again, other, missed }: InsertLabels): void {
  const [waits, free] = [newLabel(), newLabel()]
  code.bind(other)
  code.arithmeticImmediate('cmp', R10, BigInt(PLACE.abandoned), 1)
  code.jumpIf('e', next)
  code.arithmeticImmediate('cmp', R10, BigInt(PLACE.busy), 1)
  code.jumpIf('e', waits)
  code.arithmeticImmediate('cmp', R10, BigInt(PLACE.claimed), 1)
  code.jumpIf('ne', free)
  code.bind(waits)
  waitFor(code, missed)
  code.jump(again)
  code.bind(free)
  code.test(RBX, RBX)
  code.jumpIf('ne', next)
  code.move(RBX, RAX)
  code.jump(next)
}

/** rax is the place where the search ended; rbx, if there is one, comes before it. */
function emitClaim(code: Encoder, layout: TableLayout, labels: InsertLabels): void {
  const [chosen, taken] = [newLabel(), newLabel()]
  code.test(RBX, RBX)
  code.jumpIf('ne', chosen)
  code.move(RBX, RAX)
  code.bind(chosen)
  countEntry(code, layout.maxKeys, { full: labels.full, cleared: labels.again })
  code.move(RAX, memory(RBX))
  // Still without an entry, and nobody is making one.
  code.arithmetic('cmp', RAX, R8)
  code.jumpIf('e', taken)
  for (const state of [PLACE.busy, PLACE.claimed, PLACE.abandoned]) {
    code.arithmeticImmediate('cmp', RAX, BigInt(state), 1)
    code.jumpIf('e', taken)
  }
  ownState(code, R10, PLACE.busy)
  code.compareExchange(memory(RBX), R10, true)
  code.jumpIf('ne', taken)
  fillPlace(code, layout)
  if (layout.deletes) settleClaim(code, layout, { ...labels, taken })
  publish(code, layout.deletes ? PLACE.claimed : PLACE.busy, PLACE.ready, taken)
  code.move(RAX, RBX)
  code.jump(labels.found)
  code.bind(taken)
  discountEntry(code)
  code.jump(labels.again)
}

/** Key, and zeros for the value: another entry may have been here. */
function fillPlace(code: Encoder, layout: TableLayout): void {
  if (layout.keySize === 8) code.move(memory(RBX, PLACE_KEY), RSI)
  else if (layout.keyEndsAtZero) fillWords(code, layout)
  else fillBlock(code, layout)
  if (layout.valueSize === 0) return
  const more = newLabel()
  code.moveImmediate(R10, BigInt(layout.valueSize - 8))
  code.bind(more)
  code.storeImmediate(indexed(RBX, R10, 1, layout.valueOffset), 0n, 8)
  code.arithmeticImmediate('sub', R10, 8n)
  code.jumpIf('ns', more)
}

function fillBlock(code: Encoder, { keySize }: TableLayout): void {
  const again = newLabel()
  code.moveImmediate(R10, BigInt(keySize - 8))
  code.bind(again)
  code.move(RAX, indexed(RSI, R10, 1))
  code.move(indexed(RBX, R10, 1, PLACE_KEY), RAX)
  code.arithmeticImmediate('sub', R10, 8n)
  code.jumpIf('ns', again)
}

/** What stands behind the first word of zero is not looked at, and is zero in the place. */
function fillWords(code: Encoder, { keySize }: TableLayout): void {
  const [again, ended] = [newLabel(), newLabel()]
  code.moveImmediate(R10, 0n)
  code.moveImmediate(RAX, 1n)
  code.bind(again)
  code.test(RAX, RAX)
  code.jumpIf('e', ended)
  code.move(RAX, indexed(RSI, R10, 1))
  code.bind(ended)
  code.move(indexed(RBX, R10, 1, PLACE_KEY), RAX)
  code.arithmeticImmediate('add', R10, 8n)
  code.arithmeticImmediate('cmp', R10, BigInt(keySize))
  code.jumpIf('b', again)
}
