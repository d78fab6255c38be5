import type { Statement } from '../../../ir/statement.js'
import type { Emission } from './emission.js'
import { NotGenerated } from './not-generated.js'

export function emitRead(_emission: Emission, _statement: Statement & { op: 'read' }): void {
  throw new NotGenerated('reading memory')
}
