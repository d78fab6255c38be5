import type { Statement } from '../../../ir/statement.js'
import type { Emission } from './emission.js'
import { NotGenerated } from './not-generated.js'

export function emitEvent(_emission: Emission, _statement: Statement & { op: 'emit' }): void {
  throw new NotGenerated('an event')
}
