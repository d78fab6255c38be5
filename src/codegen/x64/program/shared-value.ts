import { offsetBy } from '../../../bytes/address.js'
import { unreachable } from '../../../bytes/assert.js'
import { sizeOf } from '../../../ir/layout.js'
import type { MapStatement } from '../../../ir/statement.js'
import { isScalar } from '../../../ir/value-type.js'
import type { SharedValueLayout } from '../../../store/program-layout.js'
import { addToWord } from './add-to-word.js'
import { emitWord, placeOf } from './block.js'
import { warningCode } from './cold.js'
import { copyBlock, zeroBlock } from './copy.js'
import { type Emission, newLabel, withRegister } from './emission.js'
import type { MapIncrement } from './map-increment.js'
import { type Memory, memory } from './operand.js'
import { intoLocal, placeOfLocal, typeOfLocal } from './set-local.js'

/** A value without a key: memory is zero while there is none, so that it can be loaded without a question. */
export function emitSharedValue(emission: Emission, statement: MapStatement, layout: SharedValueLayout): void {
  switch (statement.op) {
    case 'map-load':
      emitLoad(emission, statement, layout)
      return
    case 'map-store':
      emitStore(emission, statement, layout)
      return
    case 'map-delete':
      emitDelete(emission, statement, layout)
      return
    case 'map-has':
    case 'map-length':
      intoLocal(emission, statement.local, (local) =>
        withHeader(emission, layout, (header) => emission.code.load(local, header, 4, false)),
      )
      return
    case 'map-aggregate':
      throw new RangeError('an aggregate in a map of values')
    default:
      unreachable(statement)
      return
  }
}

/** Runs `body` with the addresses of the header and of the value. */
function withHeader(
  emission: Emission,
  { header, valueOffset }: SharedValueLayout,
  body: (header: Memory, value: Memory) => void,
): void {
  withRegister(emission, (base) => {
    emission.code.moveImmediate(base, offsetBy(emission.request.dataAddress, header))
    body(memory(base), memory(base, valueOffset - header))
  })
}

function emitLoad(emission: Emission, { local }: MapStatement & { op: 'map-load' }, layout: SharedValueLayout): void {
  const { code, request } = emission
  const type = typeOfLocal(emission, local)
  const place = placeOfLocal(emission, local)
  if (typeof place !== 'number' && !isScalar(type)) {
    withHeader(emission, layout, (_, value) => copyBlock(emission, place, value, sizeOf(type)))
    return
  }
  intoLocal(emission, local, (to) => {
    code.moveImmediate(to, offsetBy(request.dataAddress, layout.valueOffset))
    code.move(to, memory(to))
  })
}

/** A block may be read from where it goes, so it is made elsewhere first. */
function emitStore(emission: Emission, { value }: MapStatement & { op: 'map-store' }, layout: SharedValueLayout): void {
  const from = isScalar(value.type) ? undefined : placeOf(emission, value)
  withHeader(emission, layout, (header, to) => {
    if (from === undefined) emitWord(emission, value, to)
    else copyBlock(emission, to, from, sizeOf(value.type))
    emission.code.storeImmediate(header, 1n, 4)
  })
}

function emitDelete(
  emission: Emission,
  statement: MapStatement & { op: 'map-delete' },
  layout: SharedValueLayout,
): void {
  const { code } = emission
  const done = newLabel()
  const none = warningCode(emission, 'no-such-key', statement.span, done)
  withHeader(emission, layout, (header, value) => {
    intoLocal(emission, statement.local, (existed) => {
      code.load(existed, header, 4, false)
      code.storeImmediate(header, 0n, 4)
      zeroBlock(emission, value, layout.valueSize)
      code.test(existed, existed)
      code.jumpIf('e', none)
      code.bind(done)
    })
  })
}

export function incrementShared(emission: Emission, increment: MapIncrement, layout: SharedValueLayout): void {
  withHeader(emission, layout, (header, value) => {
    addToWord(emission, increment, value)
    emission.code.storeImmediate(header, 1n, 4)
  })
}
