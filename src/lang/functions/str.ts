import { stringOf } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { bytesOf } from '../analysis/lower-expression.js'
import { constantInteger, type Operand, pure, stringOperand, unknownOperand } from '../analysis/operand.js'
import type { CallNode, ExpressionNode } from '../syntax/ast.js'
import { lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** Text at an address of the target, or a parameter's text. */
export const str: FunctionEntry = {
  name: 'str',
  signature: 'string str(char * data[, uint32 length])',
  arguments: [1, 2],
  lower(call, context) {
    const literal = parameterText(call.arguments[0], context)
    const written =
      literal === undefined ? call : { ...call, arguments: [textNode(literal, call), ...call.arguments.slice(1)] }
    const [data, length] = lowerArguments(written, context) ?? []
    if (data === undefined) return unknownOperand
    if (length !== undefined && length.type.kind !== 'integer')
      return refuseArgument(call, length, 'integer lengths', context)
    const limit = sizeLimit(length, context)
    if (literal !== undefined)
      return stringOperand(length === undefined ? literal : literal.slice(0, Math.max(0, limit - 1)))
    if (data.type.kind === 'string') return pure({ op: 'resize', type: stringOf(limit), value: data.expression })
    if (data.type.kind !== 'pointer' && data.type.kind !== 'integer')
      return refuseArgument(call, data, 'integers and pointers', context)
    return readString(data, length, limit, call, context)
  },
}

function textNode(value: string, { span }: CallNode): ExpressionNode {
  return { kind: 'string', value, span }
}

/** The size of the result: the literal length, or what the configuration allows. */
function sizeLimit(length: Operand | undefined, { tables }: HandlerContext): number {
  const most = tables.config.maxStringLength
  const known = length && constantInteger(length)
  return known === undefined ? most : Number(known < 1n ? 1n : known > BigInt(most) ? BigInt(most) : known)
}

function readString(
  data: Operand,
  length: Operand | undefined,
  size: number,
  call: CallNode,
  { builder }: HandlerContext,
): Operand {
  const local = builder.temporary(stringOf(size))
  const isKnown = length === undefined || constantInteger(length) !== undefined
  const limit = isKnown ? undefined : length?.expression
  builder.emit({ op: 'read-string', local, address: data.expression, limit, whole: false, span: call.span })
  return pure(builder.read(local))
}

/** `str($1)` and `str($1 + 2)`: the parameter's text, from a place on. */
function parameterText(node: ExpressionNode | undefined, { options }: HandlerContext): string | undefined {
  if (node?.kind === 'parameter' && node.index > 0) return bytesOf(options.parameters[node.index - 1] ?? '')
  if (node?.kind !== 'binary' || node.operator !== '+') return undefined
  const [parameter, offset] = node.left.kind === 'parameter' ? [node.left, node.right] : [node.right, node.left]
  if (parameter.kind !== 'parameter' || offset.kind !== 'integer' || parameter.index === 0) return undefined
  return bytesOf(options.parameters[parameter.index - 1] ?? '').slice(Number(offset.value))
}
