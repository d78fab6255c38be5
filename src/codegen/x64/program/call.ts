import { assert } from '../../../bytes/assert.js'
import type { Expression } from '../../../ir/expression.js'
import { sizeOf } from '../../../ir/layout.js'
import { isScalar } from '../../../ir/value-type.js'
import { RAX, RCX, RDI, RDX, type Register, RSI } from '../assembler.js'
import { placeOf } from './block.js'
import { withAddress } from './copy.js'
import { clobber, type Emission, newLabel, withRegister } from './emission.js'
import { compareText } from './equal.js'
import { evaluate } from './evaluate.js'
import { rangeOf } from './integer-range.js'
import { NotGenerated } from './not-generated.js'
import { indexed, type Place } from './operand.js'
import { constantOf } from './simple-operand.js'

type CallExpression = Expression & { op: 'call' }

/** A function that makes a scalar. */
export function evaluateCall(emission: Emission, call: CallExpression, to: Register): void {
  switch (call.function) {
    case 'strncmp':
      compareBeginnings(emission, call, to)
      return
    case 'strcontains':
    case 'strstr':
      findText(emission, call, to)
      return
    case 'strlen':
      measureText(emission, textArgument(emission, call, 0), to)
      return
    case 'byte-swap':
      swapBytes(emission, call, to)
      return
    case 'reinterpret':
      reinterpret(emission, call, to)
      return
    default:
      throw new NotGenerated(`${call.function}()`)
  }
}

interface Text {
  readonly place: Place
  /** Bytes of text at most. */
  readonly room: number
}

function argument({ arguments: given }: CallExpression, at: number): Expression {
  const found = given[at]
  assert(found !== undefined, 'a function gets its arguments')
  return found
}

function textArgument(emission: Emission, call: CallExpression, at: number): Text {
  const expression = argument(call, at)
  return { place: placeOf(emission, expression), room: sizeOf(expression.type) - 1 }
}

function compareBeginnings(emission: Emission, call: CallExpression, to: Register): void {
  const count = constantOf(emission, argument(call, 2))
  assert(count !== undefined, 'the length is a literal')
  const done = newLabel()
  const [a, b] = [textArgument(emission, call, 0), textArgument(emission, call, 1)]
  const [lengthA, lengthB] = [a, b].map(({ room }) => (count < BigInt(room) ? Number(count) : room))
  compareText(emission, a.place, lengthA ?? 0, b.place, lengthB ?? 0, done)
  emission.code.bind(done)
  emission.code.setIf('ne', to)
}

/** Where the text ends, in bytes from its beginning. */
function measureText(emission: Emission, { place, room }: Text, to: Register): void {
  const { code } = emission
  const [again, done] = [newLabel(), newLabel()]
  withAddress(emission, place, (text) => {
    code.moveImmediate(to, 0n)
    code.bind(again)
    code.arithmeticImmediate('cmp', to, BigInt(room))
    code.jumpIf('ge', done)
    code.arithmeticImmediate('cmp', indexed(text, to, 1), 0n, 1)
    code.jumpIf('e', done)
    code.arithmeticImmediate('add', to, 1n)
    code.jump(again)
    code.bind(done)
  })
}

/**
 * The index of the second text in the first, or -1; whether there is one. At each place of the first compares byte for byte: rcx the
 * place, rsi what stands there, rdi the second text, rdx the number of bytes that agree. A text is followed by a zero, or by the
 * byte that says whether it was cut, which is none of the other's.
 */
function findText(emission: Emission, call: CallExpression, to: Register): void {
  const { code } = emission
  const [haystack, needle] = [textArgument(emission, call, 0), textArgument(emission, call, 1)]
  clobber(emission, RAX, RCX, RDX, RSI, RDI)
  withRegister(emission, (needleLength) =>
    withRegister(emission, (lastPlace) => {
      measureText(emission, needle, needleLength)
      measureText(emission, haystack, lastPlace)
      const [nextPlace, nextByte, found, missing, done] = [newLabel(), newLabel(), newLabel(), newLabel(), newLabel()]
      code.address(RDI, needle.place)
      code.address(RSI, haystack.place)
      code.moveImmediate(RCX, -1n)
      code.arithmetic('sub', lastPlace, needleLength)
      code.bind(nextPlace)
      code.arithmeticImmediate('add', RCX, 1n)
      code.arithmetic('cmp', RCX, lastPlace)
      code.jumpIf('g', missing)
      code.moveImmediate(RDX, 0n)
      code.address(to, indexed(RSI, RCX, 1))
      code.bind(nextByte)
      code.arithmetic('cmp', RDX, needleLength)
      code.jumpIf('e', found)
      code.load(RAX, indexed(RDI, RDX, 1), 1, false)
      code.arithmetic('cmp', RAX, indexed(to, RDX, 1), 1)
      code.jumpIf('ne', nextPlace)
      code.arithmeticImmediate('add', RDX, 1n)
      code.jump(nextByte)
      code.bind(missing)
      code.moveImmediate(to, call.function === 'strstr' ? -1n : 0n)
      code.jump(done)
      code.bind(found)
      if (call.function === 'strstr') code.move(to, RCX)
      else code.moveImmediate(to, 1n)
      code.bind(done)
    }),
  )
}

function swapBytes(emission: Emission, call: CallExpression, to: Register): void {
  const { code } = emission
  const { width } = rangeOf(call.type)
  evaluate(emission, argument(call, 0), to)
  if (width === 8) {
    code.swapBytes(to, 8)
    return
  }
  if (width >= 2) code.swapBytes(to, 4)
  if (width === 2) code.shift('shr', to, 16, 4)
}

/** The integer that a block holds, or the bits of another integer. */
function reinterpret(emission: Emission, call: CallExpression, to: Register): void {
  const { code } = emission
  const { width, signed, isBool } = rangeOf(call.type)
  const value = argument(call, 0)
  if (isScalar(value.type)) {
    evaluate(emission, value, to)
    if (rangeOf(value.type).width !== width) throw new NotGenerated('bits as an integer of another size')
    code.load(to, to, width, signed)
  } else code.load(to, placeOf(emission, value), width, signed)
  if (!isBool) return
  code.test(to, to)
  code.setIf('ne', to)
}
