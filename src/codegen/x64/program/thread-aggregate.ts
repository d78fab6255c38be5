import { offsetBy } from '../../../bytes/address.js'
import { assert } from '../../../bytes/assert.js'
import type { MapStatement } from '../../../ir/statement.js'
import { type AggregateType, isAggregate } from '../../../ir/value-type.js'
import { CONTROL, type ThreadAggregateLayout } from '../../../store/program-layout.js'
import { type Label, RAX, type Register } from '../assembler.js'
import { countAt } from './cold.js'
import { zeroBlock } from './copy.js'
import { clobber, type Emission, emitCold, newLabel, withRegister } from './emission.js'
import { NotGenerated } from './not-generated.js'
import { behind, type Memory, memory } from './operand.js'
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
    emitCold(emission, () => {
      code.bind(stale)
      claimWords(emission, { tag, generation, fresh, done })
      zeroBlock(emission, memory(slot, layout.inSlot), 8 * layout.words)
      code.move(tag, generation)
      code.jump(fresh)
    })
  })
}

interface Claim {
  readonly tag: Memory
  readonly generation: Register
  readonly fresh: Label
  readonly done: Label
}

/** Marks stale words as being made zero, unless a signal handler has made them fresh in the meantime, or has interrupted just this. */
function claimWords(emission: Emission, { tag, generation, fresh, done }: Claim): void {
  const { code } = emission
  const [again, claims] = [newLabel(), newLabel()]
  clobber(emission, RAX)
  withRegister(emission, (clearing) => {
    code.moveImmediate(clearing, CLEARING)
    code.arithmetic('or', clearing, generation)
    code.bind(again)
    code.move(RAX, tag)
    code.arithmetic('cmp', RAX, generation)
    code.jumpIf('e', fresh)
    code.arithmetic('cmp', RAX, clearing)
    code.jumpIf('ne', claims)
    countAt(emission, CONTROL.missed)
    code.jump(done)
    code.bind(claims)
    code.compareExchange(tag, clearing, false)
    code.jumpIf('ne', again)
  })
}
