import type { Expression } from '../../ir/expression.js'
import { sizeOf } from '../../ir/layout.js'
import { int64, type ValueType } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { lowerExpression } from '../analysis/lower-expression.js'
import { constantInteger, type Operand, pure, stringOperand, unknownOperand } from '../analysis/operand.js'
import type { CallNode } from '../syntax/ast.js'
import { refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** Bytes at an address, of an array, or of a literal string. */
export const buf: FunctionEntry = {
  name: 'buf',
  signature: 'buffer buf(void * data[, int64 length])',
  arguments: [1, 2],
  lower(call, context) {
    const [dataNode, lengthNode] = call.arguments
    const given = dataNode === undefined ? unknownOperand : lowerExpression(dataNode, context)
    const data = given.array ?? given
    const length = lengthNode && lowerExpression(lengthNode, context)
    if (data.unknown || length?.unknown) return unknownOperand
    if (length !== undefined && length.type.kind !== 'integer')
      return refuseArgument(call, length, 'integer lengths', context)
    if (typeof data.constant === 'string') return literalBuffer(data.constant, length, call, context)
    return readBuffer(data, length, call, context)
  },
}

function readBuffer(data: Operand, length: Operand | undefined, call: CallNode, context: HandlerContext): Operand {
  const address =
    data.place ?? (data.type.kind === 'pointer' || data.type.kind === 'integer' ? data.expression : undefined)
  if (address === undefined)
    return refuseArgument(call, data, 'addresses, arrays in memory and literal strings', context)
  const given = length ?? (data.type.kind === 'array' ? sizeOperand(data.type) : undefined)
  if (given === undefined) {
    context.error(call.span, 'buf() expects a length argument for this type')
    return unknownOperand
  }
  const local = context.builder.temporary({ kind: 'buffer', size: bufferSize(given, context) })
  context.builder.emit({ op: 'read-buffer', local, address, length: given.expression, span: call.span })
  return pure(context.builder.read(local))
}

function sizeOperand(type: ValueType): Operand {
  const value = BigInt(sizeOf(type))
  return { type: int64, expression: { op: 'constant', type: int64, value }, constant: value }
}

function bufferSize(length: Operand, { tables }: HandlerContext): number {
  const most = BigInt(tables.config.maxStringLength)
  const known = constantInteger(length) ?? most
  return Number(known < 0n ? 0n : known > most ? most : known)
}

/** The bytes of a literal, with zeros behind its end. */
function literalBuffer(text: string, length: Operand | undefined, call: CallNode, context: HandlerContext): Operand {
  const known = length === undefined ? BigInt(text.length) : constantInteger(length)
  if (known === undefined) {
    context.error(call.span, 'buf() of a literal string expects a literal length')
    return unknownOperand
  }
  const size = bufferSize({ ...stringOperand(text), constant: known }, context)
  const bytes = Buffer.alloc(4 + size)
  bytes.writeUInt32LE(size)
  bytes.set(Buffer.from(text, 'latin1').subarray(0, size), 4)
  const block: Expression = { op: 'block', type: { kind: 'buffer', size }, bytes: new Uint8Array(bytes) }
  return pure(block)
}
