import { assert } from '../../../bytes/assert.js'
import type { Expression } from '../../../ir/expression.js'
import { sizeOf, tupleLayout } from '../../../ir/layout.js'
import { isScalar, type ValueType } from '../../../ir/value-type.js'
import { SLOT } from '../../../store/program-layout.js'
import { jumpUnless } from './condition.js'
import { copyBlock, zeroBlock } from './copy.js'
import { type Emission, newLabel, withFrame } from './emission.js'
import { asImmediate, withValue } from './evaluate.js'
import { emitInet } from './inet.js'
import { rangeOf } from './integer-range.js'
import { NotGenerated } from './not-generated.js'
import { behind, type Memory, memory, type Place, relative, type Width } from './operand.js'
import { emitResize } from './resize.js'

/** Where the bytes of a block are, to be read only: its own place if it has one, else in the frame. */
export function placeOf(emission: Emission, expression: Expression): Place {
  switch (expression.op) {
    case 'local': {
      const place = emission.locals.get(expression.local)
      assert(place !== undefined && typeof place !== 'number', 'a block lives in the frame')
      return place
    }
    case 'block':
      return relative(emission.literals.of(expression.bytes))
    case 'extract':
      return behind(placeOf(emission, expression.block), expression.offset)
    case 'input':
      if (expression.input.kind !== 'comm' || emission.slot === undefined) throw new NotGenerated(expression.input.kind)
      return memory(emission.slot, SLOT.comm)
    default: {
      const place = emission.frame.take(sizeOf(expression.type))
      emitBlock(emission, expression, place)
      return place
    }
  }
}

/** Writes a block to a place that nothing in the expression reads from. May change work registers. */
export function emitBlock(emission: Emission, expression: Expression, to: Memory): void {
  const size = sizeOf(expression.type)
  withFrame(emission, () => {
    switch (expression.op) {
      case 'tuple':
        return emitTuple(emission, expression, to)
      case 'choose':
        return emitChoice(emission, expression, to)
      case 'resize':
        return emitResize(emission, expression, to)
      case 'call':
        if (expression.function === 'reinterpret') return emitReinterpreted(emission, expression, to)
        if (expression.function === 'inet') return emitInet(emission, expression, to)
        throw new NotGenerated(`${expression.function}() as a block`)
      case 'local':
      case 'block':
      case 'extract':
      case 'input':
        return copyBlock(emission, to, placeOf(emission, expression), size)
      default:
        throw new NotGenerated(`the block ${expression.op}`)
    }
  })
}

/** Writes a value of any type as it stands in a block. */
export function emitValue(emission: Emission, expression: Expression, to: Memory): void {
  if (!isScalar(expression.type)) {
    emitBlock(emission, expression, to)
    return
  }
  storeScalar(emission, expression, to, rangeOf(expression.type).width)
}

/** A scalar as 64 bits. */
export function emitWord(emission: Emission, expression: Expression, to: Memory): void {
  storeScalar(emission, expression, to, 8)
}

function storeScalar(emission: Emission, expression: Expression, to: Memory, width: Width): void {
  const known = asImmediate(emission, expression)
  if (known !== undefined) {
    emission.code.storeImmediate(to, known, width)
    return
  }
  withValue(emission, expression, (value) => emission.code.store(to, value, width))
}

function emitTuple(emission: Emission, expression: Expression & { op: 'tuple' }, to: Memory): void {
  const { type, elements } = expression
  const { offsets } = tupleLayout(elements.map((element) => element.type))
  if (
    hasGaps(
      elements.map((element) => element.type),
      offsets,
      sizeOf(type),
    )
  )
    zeroBlock(emission, to, sizeOf(type))
  for (const [at, element] of elements.entries()) emitValue(emission, element, behind(to, offsets[at] ?? 0))
}

function hasGaps(types: readonly ValueType[], offsets: readonly number[], size: number): boolean {
  return types.some((type, at) => (offsets[at] ?? 0) + sizeOf(type) !== (offsets[at + 1] ?? size))
}

function emitChoice(emission: Emission, expression: Expression & { op: 'choose' }, to: Memory): void {
  const otherwise = newLabel()
  const done = newLabel()
  jumpUnless(emission, expression.condition, otherwise)
  emitBlock(emission, expression.consequent, to)
  emission.code.jump(done)
  emission.code.bind(otherwise)
  emitBlock(emission, expression.alternative, to)
  emission.code.bind(done)
}

/** An integer, or another block, as a block of the same size. */
function emitReinterpreted(emission: Emission, expression: Expression & { op: 'call' }, to: Memory): void {
  const [value] = expression.arguments
  assert(value !== undefined, 'reinterpret has an argument')
  emitValue(emission, value, to)
}
