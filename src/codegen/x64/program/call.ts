import type { Expression } from '../../../ir/expression.js'
import type { Register } from '../assembler.js'
import type { Emission } from './emission.js'
import { NotGenerated } from './not-generated.js'

export function evaluateCall(_emission: Emission, expression: Expression & { op: 'call' }, _to: Register): void {
  throw new NotGenerated(`${expression.function}()`)
}
