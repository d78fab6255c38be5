import type { Statement } from '../../../ir/statement.js'
import type { Emission } from './emission.js'
import { NotGenerated } from './not-generated.js'

export function emitReadString(_emission: Emission, _statement: Statement & { op: 'read-string' }): void {
  throw new NotGenerated('str()')
}

export function emitReadBuffer(_emission: Emission, _statement: Statement & { op: 'read-buffer' }): void {
  throw new NotGenerated('buf()')
}
