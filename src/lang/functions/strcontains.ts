import { boolType, int64 } from '../../ir/value-type.js'
import { pure, unknownOperand } from '../analysis/operand.js'
import { lowerArguments, refuseArgument } from './arguments.js'
import type { FunctionEntry } from './function-entry.js'

export const strcontains: FunctionEntry = search('strcontains', 'bool strcontains(string haystack, string needle)')

/** The index of the needle, or -1. */
export const strstr: FunctionEntry = search('strstr', 'int64 strstr(string haystack, string needle)')

function search(name: 'strcontains' | 'strstr', signature: string): FunctionEntry {
  return {
    name,
    signature,
    arguments: [2, 2],
    lower(call, context) {
      const [haystack, needle] = lowerArguments(call, context) ?? []
      if (haystack === undefined || needle === undefined) return unknownOperand
      const bad = [haystack, needle].find(({ type }) => type.kind !== 'string')
      if (bad !== undefined) return refuseArgument(call, bad, 'strings', context)
      const type = name === 'strcontains' ? boolType : int64
      return pure({ op: 'call', type, function: name, arguments: [haystack.expression, needle.expression] })
    },
  }
}
