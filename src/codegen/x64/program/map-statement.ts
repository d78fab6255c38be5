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
      return emitThreadAggregate(emission, statement, layout)
    case 'shared-value':
      return emitSharedValue(emission, statement, layout)
    case 'table':
      return emitTableStatement(emission, statement, layout)
    default:
      return unreachable(layout)
  }
}

export function mapLayout({ request }: Emission, map: number): MapLayout {
  const layout = request.layout.maps[map]
  if (layout === undefined) throw new RangeError(`there is no map ${map}`)
  return layout
}
