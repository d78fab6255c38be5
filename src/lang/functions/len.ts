import { int64 } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { lowerExpression } from '../analysis/lower-expression.js'
import { checkKeyed, wholeMap } from '../analysis/lower-map.js'
import { type Operand, pure, unknownOperand } from '../analysis/operand.js'
import type { CallNode } from '../syntax/ast.js'
import { mapArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

export const len: FunctionEntry = {
  name: 'len',
  signature: 'int64 len(map m), int64 len(ustack stack)',
  arguments: [1, 1],
  lower: (call, context) => lengthOfStack(call, context) ?? lengthOfMap(call, context),
}

/** `undefined` if the argument is no stack. */
function lengthOfStack({ arguments: [node] }: CallNode, context: HandlerContext): Operand | undefined {
  if (node === undefined || (node.kind === 'map' && node.key === undefined)) return undefined
  const { type, expression } = lowerExpression(node, context)
  if (type.kind !== 'ustack') return undefined
  return pure({ op: 'call', type: int64, function: 'stack-length', arguments: [expression] })
}

function lengthOfMap(call: CallNode, context: HandlerContext): Operand {
  const node = mapArgument(call, 0, context)
  const map = node && wholeMap(node, context)
  if (node === undefined || map === undefined || !checkKeyed(node, true, context)) return unknownOperand
  const local = context.builder.temporary(int64)
  context.builder.emit({ op: 'map-length', local, map })
  return pure(context.builder.read(local))
}
