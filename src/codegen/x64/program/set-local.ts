import { assert } from '../../../bytes/assert.js'
import type { Expression } from '../../../ir/expression.js'
import { sizeOf } from '../../../ir/layout.js'
import { localType } from '../../../ir/statement.js'
import { isScalar, type ValueType } from '../../../ir/value-type.js'
import { mentions } from '../../../ir/walk-expression.js'
import type { Register } from '../assembler.js'
import { emitBlock, emitWord } from './block.js'
import { copyBlock, zeroBlock } from './copy.js'
import { type Emission, type LocalPlace, withRegister } from './emission.js'
import { evaluate } from './evaluate.js'

/** Where a local lives; `undefined` for one that nothing reads or writes. */
export function placeOfLocal({ locals }: Emission, local: number): LocalPlace {
  const place = locals.get(local)
  assert(place !== undefined, 'a local that is set has a place')
  return place
}

export function typeOfLocal({ request }: Emission, local: number): ValueType {
  return localType(request.handler.locals, local)
}

export function setLocal(emission: Emission, local: number, value: Expression): void {
  const place = placeOfLocal(emission, local)
  const readsItself = mentions(value, local)
  if (!isScalar(value.type)) {
    assert(typeof place !== 'number', 'a block lives in the frame')
    if (!readsItself) {
      emitBlock(emission, value, place)
      return
    }
    const size = sizeOf(value.type)
    const kept = emission.frame.take(size)
    emitBlock(emission, value, kept)
    copyBlock(emission, place, kept, size)
  } else if (typeof place !== 'number') emitWord(emission, value, place)
  else if (!readsItself || isInPlace(value, local)) evaluate(emission, value, place)
  else {
    withRegister(emission, (register) => {
      evaluate(emission, value, register)
      emission.code.move(place, register)
    })
  }
}

/** `$x = $x + …` where what is added does not read `$x`. */
function isInPlace(value: Expression, local: number): boolean {
  const inPlace = value.op === 'add' || value.op === 'subtract'
  return inPlace && value.left.op === 'local' && value.left.local === local && !mentions(value.right, local)
}

export function clearLocal(emission: Emission, local: number): void {
  const place = placeOfLocal(emission, local)
  if (typeof place === 'number') emission.code.moveImmediate(place, 0n)
  else zeroLocal(emission, local)
}

function zeroLocal(emission: Emission, local: number): void {
  const place = placeOfLocal(emission, local)
  const type = typeOfLocal(emission, local)
  assert(typeof place !== 'number', 'a local in the frame')
  zeroBlock(emission, place, isScalar(type) ? 8 : sizeOf(type))
}

/** Runs `body` with a register for the local's new value, and keeps that. */
export function intoLocal(emission: Emission, local: number, body: (register: Register) => void): void {
  const place = placeOfLocal(emission, local)
  if (typeof place === 'number') {
    body(place)
    return
  }
  withRegister(emission, (register) => {
    body(register)
    emission.code.move(place, register)
  })
}
