import { PLACE, type TableLayout } from '../../../store/program-layout.js'
import { type Label, RAX, RDX } from '../assembler.js'
import { discountEntry } from './count-entry.js'
import { type Emission, newLabel } from './emission.js'
import { memory } from './operand.js'
import { beginSearch, emitProbes, enterRoutine, leaveRoutine, search, searchRegisters } from './table-search.js'

const { ready: R8, state: R10 } = search

/*
 * Searching a table. The routines take the key in rsi: the word, or the address of the block. They change the work registers and no
 * others. Inside: rdi the table, rdx the place's number, rcx places left, rax the place, rbx the first one that is free.
 */

/** 0 if the key has no entry. */
export function findRoutine(emission: Emission, map: number, layout: TableLayout): Label {
  return emission.support.routine(`find ${map}`, (code) => {
    const [missing, found, next] = [newLabel(), newLabel(), newLabel()]
    enterRoutine(code, searchRegisters)
    beginSearch(code, emission, layout)
    emitProbes(code, layout, { found, next, empty: missing, other: next, exhausted: missing })
    code.bind(missing)
    code.moveImmediate(RAX, 0n)
    code.bind(found)
    leaveRoutine(code, searchRegisters)
  })
}

/** 1 in rax if there was an entry, which is no more. */
export function deleteRoutine(emission: Emission, map: number, layout: TableLayout): Label {
  return emission.support.routine(`delete ${map}`, (code) => {
    const [missing, found, next, done] = [newLabel(), newLabel(), newLabel(), newLabel()]
    enterRoutine(code, searchRegisters)
    beginSearch(code, emission, layout)
    emitProbes(code, layout, { found, next, empty: missing, other: next, exhausted: missing })
    code.bind(found)
    code.move(RDX, RAX)
    code.move(RAX, R8)
    code.address(R10, memory(R8, PLACE.deleted - PLACE.ready))
    code.compareExchange(memory(RDX), R10, true)
    code.jumpIf('ne', missing)
    discountEntry(code)
    code.moveImmediate(RAX, 1n)
    code.jump(done)
    code.bind(missing)
    code.moveImmediate(RAX, 0n)
    code.bind(done)
    leaveRoutine(code, searchRegisters)
  })
}
