import type { Expression } from '../../../ir/expression.js'
import type { Emission } from './emission.js'
import { NotGenerated } from './not-generated.js'
import type { Memory } from './operand.js'

export function emitInet(_emission: Emission, expression: Expression & { op: 'call' }, _to: Memory): void {
  throw new NotGenerated(`${expression.function}()`)
}
