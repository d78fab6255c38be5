import type { Statement } from '../../../ir/statement.js'
import type { Emission } from './emission.js'
import { NotGenerated } from './not-generated.js'

export function emitSendSignal(_emission: Emission, _statement: Statement & { op: 'send-signal' }): void {
  throw new NotGenerated('signal()')
}
