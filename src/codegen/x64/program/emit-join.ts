import { JOIN } from '../../../ir/event.js'
import type { Statement } from '../../../ir/statement.js'
import { eventPayload } from '../../../store/event-layout.js'
import { type Label, RAX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import { warningCode } from './cold.js'
import { copyText } from './copy-text.js'
import { clobber, type Emission, newLabel, withRegister } from './emission.js'
import { emitRecord } from './emit-record.js'
import { evaluate } from './evaluate.js'
import { checkAddress, emitFaulting } from './fault.js'
import { behind, indexed, type Memory, memory } from './operand.js'

const POINTER = 8

/** Puts the strings of an array of pointers into the thread's ring; nothing, where the array is bad. */
export function emitJoin(emission: Emission, { event, address, span }: Statement & { op: 'join' }): void {
  const [abandoned, done] = [newLabel(), newLabel()]
  const bad = warningCode(emission, 'bad-address', span, done)
  const { size, offsets } = eventPayload(emission.request.program, event)
  withRegister(emission, (array) => {
    evaluate(emission, address, array)
    checkArray(emission, array, bad)
    const fill = (payload: Memory): void =>
      copyTexts(emission, { array, count: payload, texts: behind(payload, offsets[1] ?? 0), bad: abandoned })
    emitRecord(emission, event, size, fill, { from: abandoned, to: bad })
  })
  emission.code.bind(done)
}

/** Before room is looked for: a bad array is no event, and so cannot be a lost one. It may still go bad later. Changes rax, rcx. */
function checkArray(emission: Emission, array: Register, bad: Label): void {
  const { code } = emission
  const [again, done] = [newLabel(), newLabel()]
  checkAddress(emission, array, bad)
  clobber(emission, RAX, RCX)
  code.moveImmediate(RCX, 0n)
  code.bind(again)
  emitFaulting(emission, bad, () => code.move(RAX, indexed(array, RCX, POINTER)))
  code.arithmeticImmediate('add', RCX, 1n)
  code.test(RAX, RAX)
  code.jumpIf('e', done)
  code.arithmeticImmediate('cmp', RCX, BigInt(JOIN.strings))
  code.jumpIf('ne', again)
  code.bind(done)
}

interface Texts {
  /** Where the next pointer is. Changed. */
  readonly array: Register
  /** Of the record: the number of texts, and room for them. */
  readonly count: Memory
  readonly texts: Memory
  /** The array cannot be read. */
  readonly bad: Label
}

/** Changes all work registers. In rsi the text that is copied, in rdi where to. */
function copyTexts(emission: Emission, { array, count, texts, bad }: Texts): void {
  const { code } = emission
  const [again, next, done] = [newLabel(), newLabel(), newLabel()]
  clobber(emission, RDX, RSI, RDI)
  code.storeImmediate(count, 0n, 8)
  code.address(RDI, texts)
  code.bind(again)
  emitFaulting(emission, bad, () => code.move(RSI, memory(array)))
  code.test(RSI, RSI)
  code.jumpIf('e', done)
  copyOne(emission, next)
  code.bind(next)
  code.address(RDI, memory(RDI, JOIN.textBytes))
  code.address(array, memory(array, POINTER))
  code.increment(count)
  code.arithmeticImmediate('cmp', count, BigInt(JOIN.strings))
  code.jumpIf('ne', again)
  code.bind(done)
}

/** A text ends where it cannot be read. */
function copyOne(emission: Emission, next: Label): void {
  const { code } = emission
  const unreadable = newLabel()
  code.moveImmediate(RCX, 0n)
  checkAddress(emission, RSI, unreadable)
  code.moveImmediate(RDX, BigInt(JOIN.textBytes))
  copyText(emission, { from: RSI, target: RDI, last: 'kept', bad: unreadable, cut: next, done: next })
  code.bind(unreadable)
  code.storeImmediate(indexed(RDI, RCX, 1), 0n, 1)
}
