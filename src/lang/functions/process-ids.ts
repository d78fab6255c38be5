import { uint32 } from '../../ir/value-type.js'
import { pure, unknownOperand } from '../analysis/operand.js'
import type { FunctionEntry } from './function-entry.js'

export const pid: FunctionEntry = identifier('pid')
export const tid: FunctionEntry = identifier('tid')

function identifier(name: 'pid' | 'tid'): FunctionEntry {
  return {
    name,
    signature: `uint32 ${name}([curr_ns])`,
    arguments: [0, 1],
    lower(call, context) {
      const [namespace] = call.arguments
      if (namespace === undefined || (namespace.kind === 'identifier' && namespace.name === 'curr_ns'))
        return pure({ op: 'input', type: uint32, input: { kind: name } })
      const isInit = namespace.kind === 'identifier' && namespace.name === 'init'
      context.error(
        namespace.span,
        isInit
          ? `${name}(init) is not available: the handler runs in the target, which sees its own namespace`
          : `${name}() only supports curr_ns and init as the argument`,
        `${name}`,
      )
      return unknownOperand
    },
  }
}
