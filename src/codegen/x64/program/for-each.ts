import { offsetBy } from '../../../bytes/address.js'
import { assert } from '../../../bytes/assert.js'
import { sizeOf, tupleLayout } from '../../../ir/layout.js'
import type { Statement } from '../../../ir/statement.js'
import { isAggregate, isScalar, type ValueType } from '../../../ir/value-type.js'
import { PLACE_KEY, type TableLayout } from '../../../store/program-layout.js'
import { RAX, type Register } from '../assembler.js'
import { copyBlock } from './copy.js'
import { clobber, type Emission, newLabel, withRegister } from './emission.js'
import { rangeOf } from './integer-range.js'
import { emitLoopTurn } from './loop-turn.js'
import { mapLayout } from './map-statement.js'
import { NotGenerated } from './not-generated.js'
import { behind, type Memory, memory } from './operand.js'
import { reduceAggregate } from './reduce-aggregate.js'
import { placeOfLocal, typeOfLocal } from './set-local.js'
import type { LoopLabels } from './statements.js'
import { emitReadyCheck } from './table-statement.js'

type ForEach = Statement & { op: 'for-each' }

/** In the order of the table's places, each as it is when its turn comes; an entry that is made meanwhile may have a turn or not. */
export function emitForEach(emission: Emission, statement: ForEach, emitBody: (labels: LoopLabels) => void): void {
  const { code, frame } = emission
  const layout = mapLayout(emission, statement.map)
  if (layout.kind !== 'table') throw new NotGenerated('a loop over a map without keys')
  const [next, done] = [newLabel(), newLabel()]
  const number = frame.take(8)
  code.storeImmediate(number, 0n, 8)
  code.bind(next)
  withRegister(emission, (place) => {
    code.move(place, number)
    code.arithmeticImmediate('cmp', place, BigInt(2 ** layout.shift))
    code.jumpIf('ae', done)
    code.increment(number)
    code.multiplyImmediate(place, place, BigInt(layout.placeSize))
    clobber(emission, RAX)
    code.moveImmediate(RAX, offsetBy(emission.request.dataAddress, layout.offset))
    code.arithmetic('add', place, RAX)
    emitReadyCheck(emission, layout, memory(place), next)
    emitLoopTurn(emission, statement.span)
    copyEntry(emission, statement, place, layout)
  })
  emitBody({ next, done })
  code.jump(next)
  code.bind(done)
}

function copyEntry(emission: Emission, { map, local }: ForEach, place: Register, layout: TableLayout): void {
  const to = placeOfLocal(emission, local)
  const type = typeOfLocal(emission, local)
  const declared = emission.request.program.maps[map]?.value
  assert(typeof to !== 'number' && type.kind === 'tuple' && declared !== undefined, 'an entry is a block')
  const [keyOffset = 0, valueOffset = 0] = tupleLayout(type.elements).offsets
  const [keyType, valueType] = type.elements
  assert(keyType !== undefined && valueType !== undefined, 'an entry has a key and a value')
  copyStored(emission, keyType, memory(place, PLACE_KEY), behind(to, keyOffset))
  const value = memory(place, layout.valueOffset)
  if (!isAggregate(declared)) copyStored(emission, valueType, value, behind(to, valueOffset))
  else
    withRegister(emission, (reduced) => {
      reduceAggregate(emission, declared, value, reduced)
      emission.code.store(behind(to, valueOffset), reduced, rangeOf(valueType).width)
    })
}

/** What a table keeps as 64 bits has its own width in a tuple. */
function copyStored(emission: Emission, type: ValueType, from: Memory, to: Memory): void {
  if (!isScalar(type)) {
    copyBlock(emission, to, from, sizeOf(type))
    return
  }
  clobber(emission, RAX)
  emission.code.move(RAX, from)
  emission.code.store(to, RAX, rangeOf(type).width)
}
