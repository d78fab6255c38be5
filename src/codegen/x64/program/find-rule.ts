import { CFA } from '../../../dwarf/unwind-rule.js'
import { CACHE_BYTES, CACHE_SHIFT, OF_CALLER, RANGE, RANGES } from '../../../store/stack-tables.js'
import { type Label, RAX, RBX, RCX, RDI, RDX, RSI } from '../assembler.js'
import { newLabel } from './emission.js'
import { indexed, memory } from './operand.js'
import { hashAddress, loadOffset, type WalkCode, walk } from './walk-code.js'

const { cfa: scratch, key, tables } = walk

const WORD = 8
const saved = [RAX, RBX, RDX, RDI, RSI]

/** Looks the rule for the key up in the tables: `ruleAt`. The cache keeps it, but for code of ring3's own. */
export function emitFindRule(walking: WalkCode): void {
  const { code, labels } = walking
  const [none, known, kept] = [newLabel(), newLabel(), newLabel()]
  code.bind(labels.miss)
  for (const register of saved) code.asm.push(register)
  findRange(walking, none)
  findRow(walking, none)
  findOriginal(walking, kept)
  code.move(RAX, RCX)
  code.arithmeticImmediate('and', RAX, 15n, 4)
  // CFA.unknown is 0.
  code.jumpIf('ne', known)
  code.bind(none)
  code.moveImmediate(RCX, BigInt(CFA.byFramePointer))
  code.bind(known)
  keep(walking)
  code.moveImmediate(scratch, 0n)
  code.bind(kept)
  for (const register of saved.toReversed()) code.asm.pop(register)
  settle(walking)
}

/** The frame as it would be without the probes: the register of the CFA has its address, OF_CALLER, or 0 for one as it is. */
function settle({ code, labels: { step, miss, end }, faulting }: WalkCode): void {
  const [settled, site] = [newLabel(), newLabel()]
  code.test(scratch, scratch)
  code.jumpIf('e', settled)
  code.arithmeticImmediate('cmp', scratch, OF_CALLER)
  code.jumpIf('ne', site)
  loadOffset(code, scratch)
  code.address(RDX, indexed(RDX, scratch, WORD))
  faulting(end, () => code.move(RAX, memory(RDX, -WORD)))
  code.address(key, memory(RAX, -1))
  code.jump(miss)
  code.bind(site)
  code.move(memory(RDI, -WORD), scratch)
  code.move(RAX, scratch)
  code.bind(settled)
  code.arithmetic('cmp', RDI, RSI)
  code.jumpIf('e', end)
  code.jump(step)
}

/** Leaves in rdi the last range that does not begin behind the key. */
function findRange({ code }: WalkCode, none: Label): void {
  const [again, found] = [newLabel(), newLabel()]
  code.move(RCX, memory(tables, CACHE_BYTES + RANGES.count))
  code.test(RCX, RCX)
  code.jumpIf('e', none)
  code.address(RDI, memory(tables, CACHE_BYTES + RANGES.first))
  code.bind(again)
  code.arithmeticImmediate('cmp', RCX, 1n)
  code.jumpIf('e', found)
  code.move(RAX, RCX)
  code.shift('shr', RAX, 1)
  code.arithmetic('sub', RCX, RAX)
  code.multiplyImmediate(RAX, RAX, BigInt(RANGE.size))
  code.arithmetic('cmp', key, indexed(RDI, RAX, 1, RANGE.start))
  code.jumpIf('b', again)
  code.arithmetic('add', RDI, RAX)
  code.jump(again)
  code.bind(found)
  code.arithmetic('cmp', key, memory(RDI, RANGE.start))
  code.jumpIf('b', none)
  code.arithmetic('cmp', key, memory(RDI, RANGE.end))
  code.jumpIf('ae', none)
}

/** Leaves the rule in rcx. Half of the rows are left after each turn, without a branch that could be foretold wrongly. */
function findRow({ code }: WalkCode, none: Label): void {
  const [again, found] = [newLabel(), newLabel()]
  code.move(RDX, key)
  code.arithmetic('sub', RDX, memory(RDI, RANGE.base))
  code.jumpIf('b', none)
  code.move(RCX, memory(RDI, RANGE.count))
  code.test(RCX, RCX)
  code.jumpIf('e', none)
  code.move(RSI, memory(RDI, RANGE.rows))
  code.arithmetic('add', RSI, tables)
  code.address(RBX, indexed(RSI, RCX, 4))
  code.asm.push(RSI)
  code.bind(again)
  code.arithmeticImmediate('cmp', RCX, 1n)
  code.jumpIf('e', found)
  code.move(scratch, RCX)
  code.shift('shr', scratch, 1)
  code.arithmetic('sub', RCX, scratch)
  code.arithmetic('cmp', RDX, indexed(RSI, scratch, 4), 4)
  // All bits if the row begins behind the key.
  code.arithmetic('sbb', RAX, RAX)
  code.complement(RAX)
  code.arithmetic('and', scratch, RAX)
  code.address(RSI, indexed(RSI, scratch, 4))
  code.jump(again)
  code.bind(found)
  code.asm.pop(RAX)
  code.arithmetic('cmp', RDX, memory(RSI), 4)
  code.jumpIf('b', none)
  code.arithmetic('sub', RSI, RAX)
  code.load(RCX, indexed(RBX, RSI, 1), 4, false)
}

/** Goes to `kept` where the row is one of ring3's own code. */
function findOriginal({ code }: WalkCode, kept: Label): void {
  const others = newLabel()
  code.move(scratch, memory(RDI, RANGE.originals))
  code.test(scratch, scratch)
  code.jumpIf('e', others)
  code.arithmetic('add', scratch, tables)
  code.move(scratch, indexed(scratch, RSI, 2))
  code.jump(kept)
  code.bind(others)
}

/** Threads may write the same entry at a time: it is one word. */
function keep({ code }: WalkCode): void {
  hashAddress(code, scratch)
  code.move(RAX, scratch)
  code.shift('shr', RAX, 64 - CACHE_SHIFT)
  code.shift('shr', scratch, 64 - CACHE_SHIFT - 32)
  code.load(scratch, scratch, 4, false)
  code.move(RDX, RCX)
  code.shift('shl', RDX, 32)
  code.arithmetic('or', RDX, scratch)
  code.move(indexed(tables, RAX, WORD), RDX)
}
