import { assert } from '../../../bytes/assert.js'
import type { Expression } from '../../../ir/expression.js'
import { sizeOf } from '../../../ir/layout.js'
import type { ReadStringStatement, Statement } from '../../../ir/statement.js'
import { type Label, RDX, type Register } from '../assembler.js'
import { withAddress, zeroBlock } from './copy.js'
import { copyBytes, copyText } from './copy-text.js'
import { clobber, type Emission, newLabel, withRegister } from './emission.js'
import { evaluate } from './evaluate.js'
import { checkAddress } from './fault.js'
import { rangeOf } from './integer-range.js'
import { behind, indexed, type Memory } from './operand.js'
import { badAddressCode } from './read.js'
import { placeOfLocal, typeOfLocal } from './set-local.js'
import { constantOf } from './simple-operand.js'

/** Reads text: see ReadStringStatement. */
export function emitReadString(emission: Emission, statement: ReadStringStatement): void {
  const { code } = emission
  const { local, address, span, whole } = statement
  const size = sizeOf(typeOfLocal(emission, local))
  const to = blockOfLocal(emission, local)
  const done = newLabel()
  const bad = badAddressCode(emission, local, span, done)
  withRegister(emission, (from) => {
    evaluate(emission, address, from)
    evaluateLength(emission, statement.limit, size)
    zeroBlock(emission, to, size)
    // rdx: the last byte that may be read, from 1 on; then the last one that is kept.
    if (whole) code.arithmeticImmediate('sub', RDX, 1n)
    code.arithmeticImmediate('cmp', RDX, 0n)
    code.jumpIf('le', done)
    if (!whole) code.arithmeticImmediate('sub', RDX, 1n)
    checkAddress(emission, from, bad)
    withAddress(emission, to, (target) => {
      const cut = newLabel()
      copyText(emission, { from, target, last: whole ? 'kept' : 'cut', bad, cut, done })
      code.bind(cut)
      if (!whole) markCut(emission, target, size, done)
    })
  })
  code.bind(done)
}

/** Text that fills the whole block is marked as cut. */
function markCut({ code }: Emission, target: Register, size: number, done: Label): void {
  code.arithmeticImmediate('cmp', RDX, BigInt(size - 1))
  code.jumpIf('ne', done)
  code.storeImmediate(indexed(target, RDX, 1), 1n, 1)
}

/** Reads as many bytes as asked for, if they fit. */
export function emitReadBuffer(emission: Emission, statement: Statement & { op: 'read-buffer' }): void {
  const { code } = emission
  const { local, address, length, span } = statement
  const size = sizeOf(typeOfLocal(emission, local))
  const to = blockOfLocal(emission, local)
  const done = newLabel()
  const bad = badAddressCode(emission, local, span, done)
  withRegister(emission, (from) => {
    evaluate(emission, address, from)
    evaluateLength(emission, length, size - HEADER)
    zeroBlock(emission, to, size)
    code.store(to, RDX, HEADER)
    code.test(RDX, RDX)
    code.jumpIf('e', done)
    checkAddress(emission, from, bad)
    withAddress(emission, behind(to, HEADER), (target) => copyBytes(emission, { from, target, bad }))
  })
  code.bind(done)
}

/** The number of bytes used, in front of a buffer. */
const HEADER = 4

function blockOfLocal(emission: Emission, local: number): Memory {
  const place = placeOfLocal(emission, local)
  assert(typeof place !== 'number', 'a block lives in the frame')
  return place
}

/** A length between 0 and `most` in rdx; `most` if none is wanted. */
function evaluateLength(emission: Emission, wanted: Expression | undefined, most: number): void {
  const { code } = emission
  clobber(emission, RDX)
  const known = wanted === undefined ? BigInt(most) : constantOf(emission, wanted)
  if (wanted === undefined || known !== undefined) {
    const signed = wanted !== undefined && rangeOf(wanted.type).signed ? BigInt.asIntN(64, known ?? 0n) : (known ?? 0n)
    const bounded = signed < 0n ? 0n : signed > BigInt(most) ? BigInt(most) : signed
    code.moveImmediate(RDX, bounded)
    return
  }
  const [fits, positive] = [newLabel(), newLabel()]
  withRegister(emission, (length) => {
    evaluate(emission, wanted, length)
    code.move(RDX, length)
  })
  if (rangeOf(wanted.type).signed) {
    code.test(RDX, RDX)
    code.jumpIf('ns', positive)
    code.moveImmediate(RDX, 0n)
  }
  code.bind(positive)
  code.arithmeticImmediate('cmp', RDX, BigInt(most))
  code.jumpIf('be', fits)
  code.moveImmediate(RDX, BigInt(most))
  code.bind(fits)
}
