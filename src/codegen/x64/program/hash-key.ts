import type { TableLayout } from '../../../store/program-layout.js'
import { RAX, RCX, RDX, type Register, RSI } from '../assembler.js'
import { newLabel } from './emission.js'
import type { Encoder } from './encoder.js'
import { indexed } from './operand.js'

/** 2^64 divided by the golden ratio: Fibonacci hashing. */
const FACTOR = 0x9e3779b97f4a7c15n
const ROTATION = 29
/** What searches have for anything. */
const R10 = 10

/** The number of the place where the search for a key of one word begins. */
export function hashWord(code: Encoder, to: Register, key: Register, shift: number): void {
  code.moveImmediate(to, FACTOR)
  code.multiply(to, key)
  code.shift('shr', to, 64 - shift)
}

/** The same for the key that a routine of a table searches, in rsi: in rdx. Changes rax, rcx and r10. */
export function hashKey(code: Encoder, layout: TableLayout): void {
  if (layout.keySize === 8) hashWord(code, RDX, RSI, layout.shift)
  else if (layout.keyEndsAtZero) hashWords(code, layout)
  else hashBlock(code, { to: RDX, block: RSI, counter: RCX, word: RAX }, layout)
}

interface HashRegisters {
  readonly to: Register
  /** The key's address. */
  readonly block: Register
  readonly counter: Register
  readonly word: Register
}

function hashBlock(code: Encoder, registers: HashRegisters, { keySize, shift }: TableLayout): void {
  const { to, block, counter, word } = registers
  const again = newLabel()
  code.moveImmediate(to, 0n)
  code.moveImmediate(counter, BigInt(keySize - 8))
  code.bind(again)
  code.arithmetic('xor', to, indexed(block, counter, 1))
  code.moveImmediate(word, FACTOR)
  code.multiply(to, word)
  code.rotateLeft(to, ROTATION)
  code.arithmeticImmediate('sub', counter, 8n)
  code.jumpIf('ns', again)
  code.multiply(to, word)
  code.shift('shr', to, 64 - shift)
}

/** Up to the first word of zero. */
function hashWords(code: Encoder, { keySize, shift }: TableLayout): void {
  const [again, done] = [newLabel(), newLabel()]
  code.moveImmediate(RAX, FACTOR)
  code.moveImmediate(RDX, 0n)
  code.moveImmediate(RCX, 0n)
  code.bind(again)
  code.move(R10, indexed(RSI, RCX, 1))
  code.test(R10, R10)
  code.jumpIf('e', done)
  code.arithmetic('xor', RDX, R10)
  code.multiply(RDX, RAX)
  code.rotateLeft(RDX, ROTATION)
  code.arithmeticImmediate('add', RCX, 8n)
  code.arithmeticImmediate('cmp', RCX, BigInt(keySize))
  code.jumpIf('b', again)
  code.bind(done)
  code.multiply(RDX, RAX)
  code.shift('shr', RDX, 64 - shift)
}
