import { CFA, FRAME_POINTER, unwindRule } from '../../../dwarf/unwind-rule.js'
import { frameMade, PUSH_RBP, RET } from '../../../stacks/frame-pointer-step.js'
import { LONG_RESTORER, SHORT_RESTORER, UCONTEXT } from '../../../stacks/signal-frame.js'
import { type Label, RAX, RBX, RCX, RDI, RDX, type Register } from '../assembler.js'
import { newLabel } from './emission.js'
import { memory } from './operand.js'
import { checkWalked, type WalkCode, walk } from './walk-code.js'

const { cfa, key, r10 } = walk

const WORD = 8
/** Of the short restorer, the bits that are no code of its own. */
const REST_OF_WORD = 8

/** The caller of a frame about whose code nothing is said: `stepByFramePointer`, and `isRestorer` before it. */
export function emitStepWithoutRule(walking: WalkCode): void {
  const { code, labels, faulting } = walking
  const { withoutRule, signal } = labels
  const [unreadable, framePointer] = [newLabel(), newLabel()]
  code.bind(withoutRule)
  faulting(unreadable, () => code.move(cfa, memory(RAX)))
  jumpIfEqual(walking, LONG_RESTORER, signal)
  code.move(RCX, cfa)
  code.shift('shl', cfa, REST_OF_WORD)
  jumpIfEqual(walking, SHORT_RESTORER << BigInt(REST_OF_WORD), signal)
  code.arithmetic('cmp', key, RAX)
  code.jumpIf('ne', framePointer)
  emitStepFromPrologue(walking, framePointer)
  code.bind(unreadable)
  code.bind(framePointer)
  emitFramePointerStep(walking)
}

/** Compares what is in the register of the CFA. */
function jumpIfEqual({ code }: WalkCode, value: bigint, label: Label): void {
  code.moveImmediate(r10, value)
  code.arithmetic('cmp', cfa, r10)
  code.jumpIf('e', label)
}

/** Of a frame that was interrupted before it had been made: `wordsOnStack`. Its code is in rcx. */
function emitStepFromPrologue({ code, labels: { step }, faulting }: WalkCode, framePointer: Label): void {
  const [notEntered, pushed] = [newLabel(), newLabel()]
  for (const next of [PUSH_RBP, RET]) {
    code.arithmeticImmediate('cmp', RCX, BigInt.asIntN(8, next), 1)
    code.jumpIf('e', notEntered)
  }
  faulting(framePointer, () => code.load(cfa, memory(RAX, -1), 1, false))
  code.arithmeticImmediate('cmp', cfa, PUSH_RBP, 4)
  code.jumpIf('ne', framePointer)
  code.arithmeticImmediate('and', RCX, 0xff_ff_ffn, 4)
  for (const made of frameMade) {
    code.arithmeticImmediate('cmp', RCX, made, 4)
    code.jumpIf('e', pushed)
  }
  code.jump(framePointer)
  code.bind(notEntered)
  code.moveImmediate(RCX, BigInt(unwindRule(CFA.fromStackPointer, FRAME_POINTER.unchanged, 1)))
  code.jump(step)
  code.bind(pushed)
  code.moveImmediate(RCX, BigInt(unwindRule(CFA.fromStackPointer, 2, 2)))
  code.jump(step)
}

function emitFramePointerStep({ code, labels: { next, end }, faulting }: WalkCode): void {
  code.arithmetic('cmp', RBX, RDX)
  code.jumpIf('b', end)
  code.move(cfa, RBX)
  code.arithmeticImmediate('and', cfa, BigInt(WORD - 1))
  code.jumpIf('ne', end)
  checkWalked(code, RBX, cfa, end)
  faulting(end, () => code.move(RAX, memory(RBX, WORD)))
  faulting(end, () => code.move(cfa, memory(RBX)))
  code.address(RDX, memory(RBX, 2 * WORD))
  code.move(RBX, cfa)
  code.moveImmediate(r10, 0n)
  code.jump(next)
}

/** From the frame that the kernel has made for a signal to what it has interrupted. */
export function emitSignalStep({ code, labels: { signal, miss, end }, faulting }: WalkCode): void {
  const saved: readonly [Register, number][] = [
    [RAX, UCONTEXT.rip],
    [RBX, UCONTEXT.rbp],
    [r10, UCONTEXT.r10],
    [RDX, UCONTEXT.rsp],
  ]
  code.bind(signal)
  for (const [register, offset] of saved) faulting(end, () => code.move(register, memory(RDX, offset)))
  code.arithmeticImmediate('cmp', RAX, 4096n)
  code.jumpIf('b', end)
  code.move(memory(RDI), RAX)
  code.arithmeticImmediate('add', RDI, BigInt(WORD))
  code.move(key, RAX)
  // Not by the cache: it may have been interrupted in code of ring3's own.
  code.jump(miss)
}
