import type { MapStatement } from '../../../ir/statement.js'
import type { TableLayout } from '../../../store/program-layout.js'
import type { Emission } from './emission.js'
import { NotGenerated } from './not-generated.js'

export function emitTableStatement(_emission: Emission, _statement: MapStatement, _layout: TableLayout): void {
  throw new NotGenerated('a map with keys')
}
