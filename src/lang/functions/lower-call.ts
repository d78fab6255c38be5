import type { HandlerContext } from '../analysis/handler-context.js'
import { type Operand, unknownOperand } from '../analysis/operand.js'
import { builtins } from '../builtins/builtin-table.js'
import { lowerBuiltin } from '../builtins/lower-builtin.js'
import { didYouMean } from '../did-you-mean.js'
import type { CallNode } from '../syntax/ast.js'
import { unavailableNames } from '../unavailable-names.js'
import { aggregations } from './aggregations.js'
import { checkArgumentCount } from './argument-count.js'
import { functions } from './function-table.js'

/** A call: of a function, or of a builtin variable, which may be written with parentheses too. */
export function lowerCall(call: CallNode, context: HandlerContext): Operand {
  const entry = functions.get(call.name)
  if (entry === undefined) return lowerOther(call, context)
  if (!checkArgumentCount(call, entry.arguments, context)) return unknownOperand
  if (entry.unsafe && !context.options.unsafe) {
    context.error(call.span, `${call.name}() is an unsafe function being used in safe mode`, 'run with --unsafe')
    return unknownOperand
  }
  return entry.lower(call, context)
}

function lowerOther(call: CallNode, context: HandlerContext): Operand {
  const { name, span } = call
  if (aggregations.has(name)) context.error(span, `${name}() must be assigned directly to a map`, `@x = ${name}(…);`)
  else if (call.arguments.length === 0 && builtins.has(name))
    return lowerBuiltin({ kind: 'identifier', name, span }, context)
  else if (unavailableNames.has(name))
    context.error(span, `${name}: ${unavailableNames.get(name)?.because}`, unavailableNames.get(name)?.instead)
  else {
    const known = [...functions.keys(), ...aggregations.keys()]
    context.error(
      { start: span.start, end: span.start + name.length },
      `Unknown function: '${name}'${didYouMean(name, known)}`,
    )
  }
  return unknownOperand
}
