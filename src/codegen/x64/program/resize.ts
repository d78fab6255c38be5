import type { Expression } from '../../../ir/expression.js'
import type { Emission } from './emission.js'
import { NotGenerated } from './not-generated.js'
import type { Memory } from './operand.js'

export function emitResize(_emission: Emission, expression: Expression & { op: 'resize' }, _to: Memory): void {
  throw new NotGenerated(`a ${expression.type.kind} of another size`)
}
