import type { Address } from '../../../bytes/address.js'
import { CFA, FRAME_POINTER } from '../../../dwarf/unwind-rule.js'
import { CONTROL } from '../../../store/program-layout.js'
import { CACHE_FACTOR, CACHE_SHIFT } from '../../../store/stack-tables.js'
import { type Label, RAX, RBX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import { newLabel } from './emission.js'
import { emitFindRule } from './find-rule.js'
import { indexed, memory } from './operand.js'
import type { Support } from './support.js'
import { enterRoutine, leaveRoutine } from './table-search.js'
import { hashAddress, loadOffset, type WalkCode, walk, walkCode } from './walk-code.js'
import { emitOtherRules } from './walk-rules.js'
import { emitSignalStep, emitStepWithoutRule } from './walk-without-rule.js'

const { cfa, key, r10, factor, tables } = walk

const saved: readonly Register[] = [RBX, cfa, key, r10, factor, tables]

const WORD = 8
/** Nothing is mapped in the first page: a return address of 0 ends the stacks of threads. */
const LOWEST_CODE = 4096n

/**
 * Walks a stack: `walkStack` of src/stacks as machine code. Takes the first frame: in rax rbp, in rdx rsp, in rcx its rule; in rdi
 * where the address of its caller goes, behind its own one, and in rsi where the addresses end. Leaves in rdi where the last one
 * ends; unless that is rsi, a zero is there. Keeps rsi, and changes the other work registers and no others.
 */
export function walkRoutine(support: Support, dataAddress: Address): Label {
  return support.routine('walk', (code) => {
    const walking = walkCode(code, support.fixups)
    const { step, end } = walking.labels
    enterRoutine(code, saved)
    code.move(RBX, RAX)
    code.moveImmediate(tables, dataAddress)
    code.move(RAX, memory(tables, CONTROL.stackTables))
    // A forked child finds this memory wiped.
    code.test(RAX, RAX)
    code.jumpIf('e', end)
    code.arithmetic('add', tables, RAX)
    code.moveImmediate(factor, CACHE_FACTOR)
    code.moveImmediate(r10, 0n)
    code.moveImmediate(key, 0n)
    code.move(RAX, memory(RDI, -WORD))
    code.bind(step)
    emitStep(walking)
    emitNext(walking)
    emitEnd(walking)
    emitOtherRules(walking)
    emitStepWithoutRule(walking)
    emitSignalStep(walking)
    emitFindRule(walking)
  })
}

/** By a rule of the most common kind; all others lead to `cfaIsKnown`, too. */
function emitStep({ code, labels, faulting }: WalkCode): void {
  const { cfaIsKnown, end, other } = labels
  code.move(cfa, RCX)
  code.arithmeticImmediate('and', cfa, 15n, 4)
  code.arithmeticImmediate('cmp', cfa, BigInt(CFA.fromStackPointer), 4)
  code.jumpIf('ne', other)
  loadOffset(code, cfa)
  code.address(cfa, indexed(RDX, cfa, WORD))
  code.bind(cfaIsKnown)
  // Signal handlers may have a stack of their own; all other callers are further up.
  code.arithmetic('cmp', cfa, RDX)
  code.jumpIf('be', end)
  faulting(end, () => code.move(RAX, memory(cfa, -WORD)))
  emitFramePointer({ code, labels, faulting })
  code.move(RDX, cfa)
  code.moveImmediate(r10, 0n)
}

/** Where the caller's rbp is; 0 stands for one that cannot be had. */
function emitFramePointer({ code, faulting }: WalkCode): void {
  const [known, lost, atItself] = [newLabel(), newLabel(), newLabel()]
  code.shift('shr', RCX, 4, 4)
  code.load(RCX, RCX, 1, false)
  code.test(RCX, RCX)
  code.jumpIf('e', known)
  code.arithmeticImmediate('cmp', RCX, BigInt(FRAME_POINTER.lost), 4)
  code.jumpIf('e', lost)
  code.arithmeticImmediate('cmp', RCX, BigInt(FRAME_POINTER.atItself), 4)
  code.jumpIf('e', atItself)
  code.negate(RCX)
  faulting(lost, () => code.move(RBX, indexed(cfa, RCX, WORD)))
  code.jump(known)
  code.bind(atItself)
  faulting(lost, () => code.move(RBX, memory(RBX)))
  code.jump(known)
  code.bind(lost)
  code.moveImmediate(RBX, 0n)
  code.bind(known)
}

/** Keeps the address of a caller, and finds its rule. */
function emitNext({ code, labels: { next, step, miss, end } }: WalkCode): void {
  code.bind(next)
  code.arithmeticImmediate('cmp', RAX, LOWEST_CODE)
  code.jumpIf('b', end)
  code.move(memory(RDI), RAX)
  code.arithmeticImmediate('add', RDI, BigInt(WORD))
  // Behind the last call of a function that does not return, another function may begin.
  code.address(key, memory(RAX, -1))
  code.arithmetic('cmp', RDI, RSI)
  code.jumpIf('e', end)
  hashAddress(code, cfa)
  code.move(RCX, cfa)
  code.shift('shr', RCX, 64 - CACHE_SHIFT)
  code.move(RCX, indexed(tables, RCX, WORD))
  code.shift('shr', cfa, 64 - CACHE_SHIFT - 32)
  code.arithmetic('cmp', RCX, cfa, 4)
  code.jumpIf('ne', miss)
  code.shift('shr', RCX, 32)
  code.jump(step)
}

function emitEnd({ code, labels: { end } }: WalkCode): void {
  const done = newLabel()
  code.bind(end)
  code.arithmetic('cmp', RDI, RSI)
  code.jumpIf('e', done)
  code.storeImmediate(memory(RDI), 0n, WORD)
  code.bind(done)
  leaveRoutine(code, saved)
}
