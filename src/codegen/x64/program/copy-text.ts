import { type Label, RAX, RCX, RDX, type Register } from '../assembler.js'
import { clobber, type Emission, newLabel, withRegister } from './emission.js'
import { emitFaulting } from './fault.js'
import { indexed, type Place, relative } from './operand.js'

const PAGE = 4096
const WORD = 8

interface Copy {
  /** Where the target's memory is read; where that is kept. */
  readonly from: Register
  readonly target: Register
  /** A thread goes on here whose load faults. */
  readonly bad: Label
}

export interface TextCopy extends Copy {
  /** With `kept`, rdx is the number of bytes that are kept at most; with `cut`, the byte of that index is still read, to see if text ends there. */
  readonly last: 'kept' | 'cut'
  /** If it does not. */
  readonly cut: Label
  readonly done: Label
}

/**
 * Copies text up to its NUL, with it if it is kept. A word at a time as long as that stays within a page, and so is good if its first
 * byte is; else a byte. The byte of index rdx is not written. At `bad` and `cut` rcx bytes have been copied. Changes rax, rcx, rdx.
 */
export function copyText(emission: Emission, { from, target, last, bad, cut, done }: TextCopy): void {
  const { code } = emission
  const [again, single] = [newLabel(), newLabel()]
  clobber(emission, RAX, RCX)
  code.moveImmediate(RCX, 0n)
  code.bind(again)
  withRegister(emission, (spare) => {
    goUnlessWord(emission, from, spare, single)
    emitFaulting(emission, bad, () => code.move(RAX, indexed(from, RCX, 1)))
    const ended = newLabel()
    findNul(emission, spare, ended)
    code.move(indexed(target, RCX, 1), RAX)
    code.arithmeticImmediate('add', RCX, BigInt(WORD))
    code.jump(again)
    code.bind(ended)
    cutAtNul(emission, spare)
    code.move(indexed(target, RCX, 1), RAX)
    code.jump(done)
  })
  code.bind(single)
  copySingle(emission, { from, target, last, bad, cut, done })
  code.jump(again)
}

/** Copies the byte at rcx, unless it is beyond what is kept. */
function copySingle(emission: Emission, { from, target, last, bad, cut, done }: TextCopy): void {
  const { code } = emission
  if (last === 'kept') {
    code.arithmetic('cmp', RCX, RDX)
    code.jumpIf('e', done)
  }
  emitFaulting(emission, bad, () => code.load(RAX, indexed(from, RCX, 1), 1, false))
  if (last === 'cut') {
    const within = newLabel()
    code.arithmetic('cmp', RCX, RDX)
    code.jumpIf('ne', within)
    code.test(RAX, RAX)
    code.jumpIf('ne', cut)
    code.jump(done)
    code.bind(within)
  }
  code.store(indexed(target, RCX, 1), RAX, 1)
  code.test(RAX, RAX)
  code.jumpIf('e', done)
  code.arithmeticImmediate('add', RCX, 1n)
}

/** Copies rdx bytes, at least one: words, then bytes. Changes rax and rcx. */
export function copyBytes(emission: Emission, { from, target, bad }: Copy): void {
  const { code } = emission
  const [again, single, done] = [newLabel(), newLabel(), newLabel()]
  clobber(emission, RAX, RCX)
  code.moveImmediate(RCX, 0n)
  code.bind(again)
  code.address(RAX, { kind: 'memory', base: RCX, displacement: WORD })
  code.arithmetic('cmp', RAX, RDX)
  code.jumpIf('g', single)
  emitFaulting(emission, bad, () => code.move(RAX, indexed(from, RCX, 1)))
  code.move(indexed(target, RCX, 1), RAX)
  code.arithmeticImmediate('add', RCX, BigInt(WORD))
  code.jump(again)
  code.bind(single)
  code.arithmetic('cmp', RCX, RDX)
  code.jumpIf('e', done)
  emitFaulting(emission, bad, () => code.load(RAX, indexed(from, RCX, 1), 1, false))
  code.store(indexed(target, RCX, 1), RAX, 1)
  code.arithmeticImmediate('add', RCX, 1n)
  code.jump(single)
  code.bind(done)
}

/** Goes to `single` if the word at rcx would be beyond what is kept, or on two pages. */
function goUnlessWord({ code }: Emission, from: Register, spare: Register, single: Label): void {
  code.address(spare, { kind: 'memory', base: RCX, displacement: WORD })
  code.arithmetic('cmp', spare, RDX)
  code.jumpIf('g', single)
  code.address(spare, indexed(from, RCX, 1))
  code.arithmeticImmediate('and', spare, BigInt(PAGE - 1), 4)
  code.arithmeticImmediate('cmp', spare, BigInt(PAGE - WORD), 4)
  code.jumpIf('a', single)
}

/**
 * Goes to `ended` if rax has a byte that is zero; then the lowest bit of `spare` is the highest of that byte (Mycroft's test: Warren,
 * Hacker's Delight, 6-1).
 */
function findNul(emission: Emission, spare: Register, ended: Label): void {
  const { code } = emission
  code.move(spare, RAX)
  code.arithmetic('sub', spare, everyByte(emission, 0x01))
  code.complement(RAX)
  code.arithmetic('and', spare, RAX)
  code.complement(RAX)
  code.arithmetic('and', spare, everyByte(emission, 0x80))
  code.jumpIf('ne', ended)
}

/** Leaves of rax the bytes in front of the zero that `findNul` has found. Changes rdx. */
function cutAtNul({ code }: Emission, spare: Register): void {
  code.address(RDX, { kind: 'memory', base: spare, displacement: -1 })
  code.arithmetic('xor', RDX, spare)
  code.arithmetic('and', RAX, RDX)
}

function everyByte(emission: Emission, byte: number): Place {
  return relative(emission.literals.of(Buffer.alloc(WORD, byte)))
}
