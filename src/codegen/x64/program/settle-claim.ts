import { PLACE, type TableLayout } from '../../../store/program-layout.js'
import { type Label, RAX, RBX, RCX } from '../assembler.js'
import { publish, waitFor } from './claimed-place.js'
import { discountEntry, ownState } from './count-entry.js'
import { newLabel } from './emission.js'
import type { Encoder } from './encoder.js'
import { hashKey } from './hash-key.js'
import { memory } from './operand.js'
import { advance, emitCompareKey, loadPlace, search } from './table-search.js'

const { ready: R8, state: R10, scratch } = search

export interface SettleLabels {
  /** Where the search begins. */
  readonly again: Label
  readonly missed: Label
  /** Somebody has given the place up. */
  readonly taken: Label
}

/**
 * Where places become free again, two threads may choose different ones for the same key: one had passed a place before its entry was
 * deleted, the other came later. So both say which key they claim, and only then look at every other place that the key may have: of
 * two, at least one sees the other. An entry that is there wins, and of claims the one that comes first in the search; it waits until
 * the other has given in. rbx is the claimed place.
 */
export function settleClaim(code: Encoder, layout: TableLayout, labels: SettleLabels): void {
  const [mine, settled, gives, misses] = [newLabel(), newLabel(), newLabel(), newLabel()]
  publish(code, PLACE.busy, PLACE.claimed, labels.taken)
  hashKey(code, layout)
  code.moveImmediate(RCX, BigInt(2 ** layout.shift))
  scanRivals(code, layout, { mine, end: settled, entry: gives, claim: gives, misses })
  code.bind(mine)
  scanRivals(code, layout, { mine: undefined, end: settled, entry: gives, claim: undefined, misses })
  code.bind(gives)
  withdraw(code)
  code.jump(labels.again)
  code.bind(misses)
  withdraw(code)
  code.jump(labels.missed)
  code.bind(settled)
}

interface Rivals {
  /** Where the claimed place itself has been reached; `undefined` behind it. */
  readonly mine: Label | undefined
  readonly end: Label
  readonly entry: Label
  /** Without, it is waited for. */
  readonly claim: Label | undefined
  readonly misses: Label
}

/** Places that are busy need no look: whoever makes them looks later, and sees this claim. */
function scanRivals(code: Encoder, layout: TableLayout, { mine, end, entry, claim, misses }: Rivals): void {
  const [look, next, maybe] = [newLabel(), newLabel(), newLabel()]
  if (mine === undefined) code.jump(next)
  code.bind(look)
  loadPlace(code, layout)
  if (mine !== undefined) {
    code.arithmetic('cmp', RAX, RBX)
    code.jumpIf('e', mine)
  }
  code.test(R10, R10)
  code.jumpIf('e', end)
  code.move(scratch, R10)
  code.arithmetic('xor', scratch, R8)
  code.shift('shr', scratch, 32)
  code.jumpIf('ne', next)
  for (const state of [PLACE.ready, PLACE.claimed]) {
    code.arithmeticImmediate('cmp', R10, BigInt(state), 1)
    code.jumpIf('e', maybe)
  }
  code.bind(next)
  advance(code, layout, end)
  code.jump(look)
  code.bind(maybe)
  code.move(scratch, R10)
  emitCompareKey(code, layout, next)
  code.arithmetic('cmp', scratch, R8)
  code.jumpIf('e', entry)
  if (claim !== undefined) code.jump(claim)
  else {
    code.move(R10, scratch)
    waitFor(code, misses)
    code.jump(look)
  }
}

/** The place is free again, unless somebody has given it up. */
function withdraw(code: Encoder): void {
  ownState(code, RAX, PLACE.claimed)
  code.address(R10, memory(R8, PLACE.deleted - PLACE.ready))
  code.compareExchange(memory(RBX), R10, true)
  discountEntry(code)
}
