import type { Statement } from '../../../ir/statement.js'
import type { Emission } from './emission.js'
import { NotGenerated } from './not-generated.js'

export function emitForEach(_emission: Emission, _statement: Statement & { op: 'for-each' }): void {
  throw new NotGenerated('a loop over a map')
}
