import { SLOT } from '../../../store/program-layout.js'
import { type Label, RAX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import { borrowing } from './cold.js'
import { type Emission, emitCold, newLabel, withRegister } from './emission.js'
import { memory } from './operand.js'

const GETTID = 186
const PRCTL = 157
const PR_GET_NAME = 16

/**
 * Makes sure that what a slot remembers of its thread is true: a thread that has ended leaves its slot to another one. The kernel is
 * asked at a thread's first hit, and whenever the word behind the thread pointer, where the C library keeps the thread's number, is not
 * what the kernel has said. Where no such word is known, it is asked at each hit.
 */
export function emitIdentifyThread(emission: Emission, slot: Register): void {
  const { code, request } = emission
  const { tidOffset } = request.machine
  if (tidOffset === undefined) {
    callIdentify(emission, slot)
    return
  }
  const [other, known] = [newLabel(), newLabel()]
  withRegister(emission, (tid) => {
    code.loadThreadWord(tid, tidOffset)
    code.arithmetic('cmp', memory(slot, SLOT.tid), tid, 4)
    code.jumpIf('ne', other)
  })
  code.bind(known)
  emitCold(emission, () => {
    code.bind(other)
    callIdentify(emission, slot)
    code.jump(known)
  })
}

function callIdentify(emission: Emission, slot: Register): void {
  borrowing(emission, [RDI], () => {
    emission.code.move(RDI, slot)
    emission.code.call(identifyRoutine(emission))
  })
}

const R11 = 11
/** What a system call and this routine change, but for rdi. */
const saved = [RAX, RCX, RDX, RSI, R11, 8]

/** Takes the slot in rdi. Writes the thread's number and name into it. */
function identifyRoutine({ support }: Emission): Label {
  return support.routine('identify', (code) => {
    const known = newLabel()
    for (const register of saved) code.asm.push(register)
    code.moveImmediate(RAX, BigInt(GETTID))
    code.systemCall()
    code.arithmetic('cmp', memory(RDI, SLOT.tid), RAX, 4)
    code.jumpIf('e', known)
    code.move(8, RAX)
    code.asm.push(RDI)
    code.address(RSI, memory(RDI, SLOT.comm))
    code.moveImmediate(RDI, BigInt(PR_GET_NAME))
    code.moveImmediate(RAX, BigInt(PRCTL))
    code.systemCall()
    code.asm.pop(RDI)
    code.store(memory(RDI, SLOT.tid), 8, 4)
    code.bind(known)
    for (const register of saved.toReversed()) code.asm.pop(register)
    code.asm.return()
  })
}
