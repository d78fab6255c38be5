import { assert } from '../../../bytes/assert.js'
import { sizeOf } from '../../../ir/layout.js'
import type { Span, Statement } from '../../../ir/statement.js'
import { isScalar } from '../../../ir/value-type.js'
import type { Label } from '../assembler.js'
import { warningCode } from './cold.js'
import { copyFrom } from './copy.js'
import { type Emission, emitCold, newLabel } from './emission.js'
import { withValue } from './evaluate.js'
import { checkAddress, emitFaulting } from './fault.js'
import { rangeOf } from './integer-range.js'
import { memory } from './operand.js'
import { clearLocal, intoLocal, placeOfLocal, typeOfLocal } from './set-local.js'

/** Reads a value of the local's type from the target. */
export function emitRead(emission: Emission, { local, address, span }: Statement & { op: 'read' }): void {
  const { code } = emission
  const type = typeOfLocal(emission, local)
  const place = placeOfLocal(emission, local)
  const done = newLabel()
  const bad = badAddressCode(emission, local, span, done)
  withValue(emission, address, (from) => {
    checkAddress(emission, from, bad)
    if (!isScalar(type)) {
      assert(typeof place !== 'number', 'a block lives in the frame')
      return copyFrom(emission, place, memory(from), sizeOf(type), (load) => emitFaulting(emission, bad, load))
    }
    const { width, signed, isBool } = rangeOf(type)
    intoLocal(emission, local, (to) => {
      emitFaulting(emission, bad, () => code.load(to, memory(from), width, signed))
      if (!isBool) return
      code.test(to, to)
      code.setIf('ne', to)
    })
  })
  code.bind(done)
}

/** Cold code for a read that failed: the local is zero, and that is counted. */
export function badAddressCode(emission: Emission, local: number, span: Span, done: Label): Label {
  const bad = newLabel()
  const warning = warningCode(emission, 'bad-address', span, done)
  emitCold(emission, () => {
    emission.code.bind(bad)
    clearLocal(emission, local)
    emission.code.jump(warning)
  })
  return bad
}
