import type { Expression } from '../../../ir/expression.js'
import { sizeOf, tupleLayout } from '../../../ir/layout.js'
import { isScalar, type ValueType } from '../../../ir/value-type.js'
import { type Label, RAX, RCX } from '../assembler.js'
import { placeOf } from './block.js'
import { piecesOf, withAddress } from './copy.js'
import { clobber, type Emission, newLabel, withRegister } from './emission.js'
import type { Condition } from './encoder.js'
import { rangeOf } from './integer-range.js'
import { behind, indexed, type Place } from './operand.js'

/** Compares two blocks of one kind: see `equalValues` of the interpreter. */
export function emitEqual(emission: Emission, { left, right }: Expression & { op: 'equal' }): Condition {
  const done = newLabel()
  const [a, b] = [placeOf(emission, left), placeOf(emission, right)]
  compareBlocks(emission, { place: a, type: left.type }, { place: b, type: right.type }, done)
  emission.code.bind(done)
  return 'e'
}

interface Typed {
  readonly place: Place
  readonly type: ValueType
}

/** Goes to `done` with the flags of "different" as soon as that is known, or falls out with those of the last comparison. */
function compareBlocks(emission: Emission, a: Typed, b: Typed, done: Label): void {
  const [sizeA, sizeB] = [sizeOf(a.type), sizeOf(b.type)]
  if (a.type.kind === 'string' && b.type.kind === 'string') {
    compareText(emission, a.place, sizeA - 1, b.place, sizeB - 1, done)
    return
  }
  if (a.type.kind === 'tuple' && b.type.kind === 'tuple') {
    compareTuples(emission, a.place, a.type.elements, b.place, b.type.elements, done)
    return
  }
  if (a.type.kind === 'buffer' && b.type.kind === 'buffer') {
    compareBytes(emission, a.place, b.place, Math.min(sizeA, sizeB), done)
    return
  }
  if (sizeA === sizeB) {
    compareBytes(emission, a.place, b.place, sizeA, done)
    return
  }
  clobber(emission, RAX)
  emission.code.moveImmediate(RAX, 1n)
  emission.code.test(RAX, RAX)
}

/** Text is padded with zeros, so the longer place must be zero where the shorter one ends. */
export function compareText(
  emission: Emission,
  a: Place,
  lengthA: number,
  b: Place,
  lengthB: number,
  done: Label,
): void {
  const shared = Math.min(lengthA, lengthB)
  compareBytes(emission, a, b, shared, done)
  if (lengthA === lengthB) return
  emission.code.jumpIf('ne', done)
  emission.code.arithmeticImmediate('cmp', behind(lengthA > lengthB ? a : b, shared), 0n, 1)
}

function compareTuples(
  emission: Emission,
  a: Place,
  typesA: readonly ValueType[],
  b: Place,
  typesB: readonly ValueType[],
  done: Label,
): void {
  const { code } = emission
  const [layoutA, layoutB] = [tupleLayout(typesA), tupleLayout(typesB)]
  compareBytes(emission, a, b, 0, done)
  for (const [at, typeA] of typesA.entries()) {
    const typeB = typesB[at] ?? typeA
    const elementA = { place: behind(a, layoutA.offsets[at] ?? 0), type: typeA }
    const elementB = { place: behind(b, layoutB.offsets[at] ?? 0), type: typeB }
    code.jumpIf('ne', done)
    if (isScalar(typeA)) compareScalars(emission, elementA, elementB)
    else compareBlocks(emission, elementA, elementB, done)
  }
}

function compareScalars(emission: Emission, a: Typed, b: Typed): void {
  const { code } = emission
  const [rangeA, rangeB] = [rangeOf(a.type), rangeOf(b.type)]
  clobber(emission, RAX, RCX)
  code.load(RAX, a.place, rangeA.width, rangeA.signed)
  code.load(RCX, b.place, rangeB.width, rangeB.signed)
  code.arithmetic('cmp', RAX, RCX)
}

const UNROLLED_BYTES = 64

/** Changes rax and rcx. The flags are those of "equal" for no bytes. */
function compareBytes(emission: Emission, a: Place, b: Place, size: number, done: Label): void {
  const { code } = emission
  clobber(emission, RAX)
  if (size === 0) {
    code.arithmetic('cmp', RAX, RAX)
    return
  }
  const looped = size > UNROLLED_BYTES ? size - (size % 8) : 0
  if (looped > 0) compareLoop(emission, a, b, looped, done)
  for (const [at, { offset, width }] of piecesOf(size - looped).entries()) {
    if (at > 0 || looped > 0) code.jumpIf('ne', done)
    code.load(RAX, behind(a, looped + offset), width, false)
    code.arithmetic('cmp', RAX, behind(b, looped + offset), width)
  }
}

function compareLoop(emission: Emission, a: Place, b: Place, size: number, done: Label): void {
  const { code } = emission
  clobber(emission, RCX)
  withAddress(emission, behind(a, size), (left) =>
    withRegister(emission, (right) => {
      const again = newLabel()
      code.address(right, behind(b, size))
      code.moveImmediate(RCX, BigInt(-size))
      code.bind(again)
      code.move(RAX, indexed(left, RCX, 1))
      code.arithmetic('cmp', RAX, indexed(right, RCX, 1))
      code.jumpIf('ne', done)
      code.arithmeticImmediate('add', RCX, 8n)
      code.jumpIf('ne', again)
    }),
  )
}
