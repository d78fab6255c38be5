import { uint64 } from '../../ir/value-type.js'
import { constantInteger, integerOperand, pure, unknownOperand } from '../analysis/operand.js'
import { lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

/** 0 where the first `n` bytes are the same, else 1. */
export const strncmp: FunctionEntry = {
  name: 'strncmp',
  signature: 'uint64 strncmp(string s1, string s2, int64 n)',
  arguments: [3, 3],
  lower(call, context) {
    const [left, right, count] = lowerArguments(call, context) ?? []
    if (left === undefined || right === undefined || count === undefined) return unknownOperand
    const bad = [left, right].find(({ type }) => type.kind !== 'string')
    if (bad !== undefined) return refuseArgument(call, bad, 'strings', context)
    const length = constantInteger(count)
    if (length === undefined || length < 0n) {
      context.error(call.span, 'Builtin strncmp requires a non-negative literal')
      return unknownOperand
    }
    return pure({
      op: 'call',
      type: uint64,
      function: 'strncmp',
      arguments: [left.expression, right.expression, integerOperand(length).expression],
    })
  },
}
