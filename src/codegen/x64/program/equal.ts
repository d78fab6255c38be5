import type { Expression } from '../../../ir/expression.js'
import type { Emission } from './emission.js'
import type { Condition } from './encoder.js'
import { NotGenerated } from './not-generated.js'

export function emitEqual(_emission: Emission, expression: Expression & { op: 'equal' }): Condition {
  throw new NotGenerated(`comparing a ${expression.left.type.kind}`)
}
