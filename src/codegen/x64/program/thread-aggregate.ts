import { offsetBy } from '../../../bytes/address.js'
import { assert } from '../../../bytes/assert.js'
import type { MapStatement } from '../../../ir/statement.js'
import { type AggregateType, isAggregate } from '../../../ir/value-type.js'
import { CONTROL, type ThreadAggregateLayout } from '../../../store/program-layout.js'
import { type Label, RAX } from '../assembler.js'
import { countAt } from './cold.js'
import { zeroBlock } from './copy.js'
import { clobber, type Emission, emitCold, newLabel, withRegister } from './emission.js'
import { NotGenerated } from './not-generated.js'
import { behind, memory } from './operand.js'
import { updateAggregate } from './update-aggregate.js'

/** An aggregate without keys: this thread's part takes the value in. */
export function emitThreadAggregate(emission: Emission, statement: MapStatement, layout: ThreadAggregateLayout): void {
  if (statement.op !== 'map-aggregate') throw new NotGenerated('reading an aggregate in a handler')
  const { slot } = emission
  assert(slot !== undefined, 'the slot has been found')
  const done = newLabel()
  if (layout.tagInSlot !== undefined) emitTagCheck(emission, layout, layout.tagInSlot, done)
  const words = memory(slot, layout.inSlot)
  updateAggregate(emission, aggregateType(emission, statement.map), { words, shared: false }, statement.value)
  emission.code.bind(done)
}

export function aggregateType({ request }: Emission, map: number): AggregateType {
  const type = request.program.maps[map]?.value
  assert(type !== undefined && isAggregate(type), 'a map of aggregates')
  return type
}

/** In the tag of words that are being made zero. */
const CLEARING = 1n << 63n

/**
 * Words of an earlier generation are made zero. A signal handler that hits in between finds them neither old nor new: its value is
 * counted as missed, and goes to `done`.
 */
function emitTagCheck(emission: Emission, layout: ThreadAggregateLayout, tagInSlot: number, done: Label): void {
  const { code, request, slot = 0 } = emission
  const [stale, fresh] = [newLabel(), newLabel()]
  const tag = memory(slot, tagInSlot)
  withRegister(emission, (generation) => {
    code.moveImmediate(generation, offsetBy(request.dataAddress, layout.header))
    code.load(generation, behind(memory(generation), 4), 4, false)
    code.arithmetic('cmp', tag, generation)
    code.jumpIf('ne', stale)
    code.bind(fresh)
    const clears = newLabel()
    clobber(emission, RAX)
    emitCold(emission, () => {
      code.bind(stale)
      code.moveImmediate(RAX, CLEARING)
      code.arithmetic('or', RAX, generation)
      code.arithmetic('cmp', RAX, tag)
      code.jumpIf('ne', clears)
      countAt(emission, CONTROL.missed)
      code.jump(done)
      code.bind(clears)
      code.move(tag, RAX)
      zeroBlock(emission, memory(slot, layout.inSlot), 8 * layout.words)
      code.move(tag, generation)
      code.jump(fresh)
    })
  })
}
