import { unreachable } from '../../../bytes/assert.js'
import type { MapStatement } from '../../../ir/statement.js'
import type { MapLayout } from '../../../store/program-layout.js'
import type { Emission } from './emission.js'
import { emitSharedValue } from './shared-value.js'
import { emitTableStatement } from './table-statement.js'
import { emitThreadAggregate } from './thread-aggregate.js'

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
    default:
      unreachable(layout)
      return
  }
}

export function mapLayout({ request }: Emission, map: number): MapLayout {
  const layout = request.layout.maps[map]
  if (layout === undefined) throw new RangeError(`there is no map ${map}`)
  return layout
}
