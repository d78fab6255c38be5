import type { Statement } from '../../../ir/statement.js'
import type { Emission } from './emission.js'
import { NotGenerated } from './not-generated.js'

export function emitJoin(_emission: Emission, _statement: Statement & { op: 'join' }): void {
  throw new NotGenerated('join()')
}
