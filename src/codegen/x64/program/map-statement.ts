import { unreachable } from '../../../bytes/assert.js'
import type { MapStatement } from '../../../ir/statement.js'
import type { MapLayout } from '../../../store/program-layout.js'
import type { Emission } from './emission.js'
import type { MapIncrement } from './map-increment.js'
import { emitSharedValue, incrementShared } from './shared-value.js'
import { emitTableStatement, incrementEntry } from './table-statement.js'
import { emitThreadAggregate } from './thread-aggregate.js'
import { emitThreadRow } from './thread-row.js'

export function emitMapStatement(emission: Emission, statement: MapStatement): void {
  const layout = mapLayout(emission, statement.map)
  switch (layout.kind) {
    case 'thread-aggregate':
      emitThreadAggregate(emission, statement, layout)
      return
    case 'shared-value':
      emitSharedValue(emission, statement, layout)
      return
    case 'table':
      emitTableStatement(emission, statement, layout)
      return
    case 'thread-rows':
      emitThreadRow(emission, statement, layout)
      return
    case 'calls':
      throw new RangeError('calls in progress are noted and taken')
    default:
      unreachable(layout)
      return
  }
}

/** Both statements at once. */
export function emitMapIncrement(emission: Emission, increment: MapIncrement): void {
  const layout = mapLayout(emission, increment.load.map)
  if (layout.kind === 'table') incrementEntry(emission, increment, layout)
  else if (layout.kind === 'shared-value') incrementShared(emission, increment, layout)
  else throw new RangeError('a value is added to an aggregate')
}

export function mapLayout({ request }: Emission, map: number): MapLayout {
  const layout = request.layout.maps[map]
  if (layout === undefined) throw new RangeError(`there is no map ${map}`)
  return layout
}
