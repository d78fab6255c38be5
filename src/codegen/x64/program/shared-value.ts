import { type Address, offsetBy } from '../../../bytes/address.js'
import { unreachable } from '../../../bytes/assert.js'
import { sizeOf } from '../../../ir/layout.js'
import type { MapStatement } from '../../../ir/statement.js'
import { isScalar } from '../../../ir/value-type.js'
import type { SharedValueLayout } from '../../../store/program-layout.js'
import type { Register } from '../assembler.js'
import { emitWord, placeOf } from './block.js'
import { copyBlock, zeroBlock } from './copy.js'
import { warningCode } from './cold.js'
import { type Emission, newLabel, withRegister } from './emission.js'
import { memory } from './operand.js'
import { intoLocal, placeOfLocal, typeOfLocal } from './set-local.js'

/** A value without a key: memory is zero while there is none, so that it can be loaded without a question. */
export function emitSharedValue(emission: Emission, statement: MapStatement, layout: SharedValueLayout): void {
  switch (statement.op) {
    case 'map-load':
      return emitLoad(emission, statement, layout)
    case 'map-store':
      return emitStore(emission, statement, layout)
    case 'map-delete':
      return emitDelete(emission, statement, layout)
    case 'map-has':
    case 'map-length':
      return intoLocal(emission, statement.local, (local) =>
        withHeader(emission, layout, (header) => emission.code.load(local, memory(header), 4, false)),
      )
    case 'map-aggregate':
      throw new RangeError('an aggregate in a map of values')
    default:
      return unreachable(statement)
  }
}

function withHeader(emission: Emission, { header }: SharedValueLayout, body: (header: Register) => void): void {
  withRegister(emission, (register) => {
    emission.code.moveImmediate(register, offsetBy(emission.request.dataAddress, header))
    body(register)
  })
}

function valueAddress({ request }: Emission, layout: SharedValueLayout): Address {
  return offsetBy(request.dataAddress, layout.valueOffset)
}

function emitLoad(emission: Emission, { local }: MapStatement & { op: 'map-load' }, layout: SharedValueLayout): void {
  const { code } = emission
  const type = typeOfLocal(emission, local)
  const place = placeOfLocal(emission, local)
  if (isScalar(type)) {
    intoLocal(emission, local, (to) => {
      code.moveImmediate(to, valueAddress(emission, layout))
      code.move(to, memory(to))
    })
    return
  }
  withRegister(emission, (from) => {
    code.moveImmediate(from, valueAddress(emission, layout))
    if (typeof place !== 'number') copyBlock(emission, place, memory(from), sizeOf(type))
  })
}

/** A block may be read from where it goes, so it is made elsewhere first. */
function emitStore(emission: Emission, { value }: MapStatement & { op: 'map-store' }, layout: SharedValueLayout): void {
  const { code } = emission
  const from = isScalar(value.type) ? undefined : placeOf(emission, value)
  withRegister(emission, (to) => {
    code.moveImmediate(to, valueAddress(emission, layout))
    if (from === undefined) emitWord(emission, value, memory(to))
    else copyBlock(emission, memory(to), from, sizeOf(value.type))
    code.moveImmediate(to, offsetBy(emission.request.dataAddress, layout.header))
    code.storeImmediate(memory(to), 1n, 4)
  })
}

function emitDelete(emission: Emission, statement: MapStatement & { op: 'map-delete' }, layout: SharedValueLayout): void {
  const { code } = emission
  const done = newLabel()
  const none = warningCode(emission, 'no-such-key', statement.span, done)
  withHeader(emission, layout, (value) => {
    intoLocal(emission, statement.local, (existed) => {
      code.load(existed, memory(value), 4, false)
      code.storeImmediate(memory(value), 0n, 4)
      code.moveImmediate(value, offsetBy(emission.request.dataAddress, layout.valueOffset))
      zeroBlock(emission, memory(value), layout.valueSize)
      code.test(existed, existed)
      code.jumpIf('e', none)
      code.bind(done)
    })
  })
}
