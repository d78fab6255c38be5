import { assert } from '../../../bytes/assert.js'
import type { MapStatement } from '../../../ir/statement.js'
import type { ThreadRowsLayout } from '../../../store/program-layout.js'
import type { Emission } from './emission.js'
import { memory } from './operand.js'
import { constantOf } from './simple-operand.js'
import { aggregateType } from './thread-aggregate.js'
import { updateAggregate } from './update-aggregate.js'

/** An aggregate whose key is known at the site: this thread's part of it takes the value in. */
export function emitThreadRow(emission: Emission, statement: MapStatement, layout: ThreadRowsLayout): void {
  const { slot } = emission
  assert(statement.op === 'map-aggregate' && statement.key !== undefined, 'rows only take values in')
  assert(slot !== undefined, 'the slot has been found')
  const row = layout.keys.indexOf(constantOf(emission, statement.key) ?? -1n)
  assert(row >= 0, 'the keys of all sites are known')
  const words = memory(slot, layout.inSlot + 8 * layout.words * row)
  updateAggregate(emission, aggregateType(emission, statement.map), { words, shared: false }, statement.value)
}
