import { integer } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { integerOperand, type Operand, unknownOperand } from '../analysis/operand.js'
import { didYouMean } from '../did-you-mean.js'
import { functions } from '../functions/function-table.js'
import type { IdentifierNode } from '../syntax/ast.js'
import { unavailableNames } from '../unavailable-names.js'
import { builtins } from './builtin-table.js'
import { lowerArgument } from './lower-argument.js'

/** A word that stands by itself: a builtin, or the member of an enum. */
export function lowerBuiltin(node: IdentifierNode, context: HandlerContext): Operand {
  const entry = builtins.get(node.name)
  if (entry !== undefined) return entry.lower(node, context)
  return lowerEnumMember(node, context) ?? lowerArgument(node, context) ?? refuseName(node, context)
}

function lowerEnumMember({ name }: IdentifierNode, { tables }: HandlerContext): Operand | undefined {
  const member = tables.enumMembers.get(name)
  if (member === undefined) return undefined
  const type = { ...integer(64, member.value < 0n), enumName: member.enumName }
  return { ...integerOperand(member.value), type, expression: { op: 'constant', type, value: member.value } }
}

function refuseName({ name, span }: IdentifierNode, context: HandlerContext): Operand {
  const unavailable = unavailableNames.get(name)
  if (unavailable !== undefined) context.error(span, `${name}: ${unavailable.because}`, unavailable.instead)
  else if (functions.has(name)) context.error(span, `${name} is a function`, functions.get(name)?.signature)
  else context.error(span, `Unknown identifier: '${name}'${didYouMean(name, [...builtins.keys(), 'arg0', 'arg1'])}`)
  return unknownOperand
}
