import { sizeOf } from '../../ir/layout.js'
import { typeText } from '../../ir/type-text.js'
import { isAggregate, uint64, type ValueType } from '../../ir/value-type.js'
import type { ExpressionNode, TypeName } from '../syntax/ast.js'
import { isTypeName } from '../syntax/map-children.js'
import type { HandlerContext } from './handler-context.js'
import { lowerExpression } from './lower-expression.js'
import { type Operand, typedConstant, unknownOperand } from './operand.js'
import { isSized, resolveType } from './resolve-type.js'

export function lowerSizeof(node: ExpressionNode & { kind: 'sizeof' }, context: HandlerContext): Operand {
  const type = typeOf(node.of, context)
  if (type === undefined) return unknownOperand
  if (!isSized(type) || isAggregate(type)) {
    context.error(node.span, `the size of '${typeText(type)}' is not known`)
    return unknownOperand
  }
  return typedConstant(BigInt(sizeOf(type)), uint64)
}

/** The type of a type name, or of an expression that is not evaluated. */
function typeOf(of: TypeName | ExpressionNode, context: HandlerContext): ValueType | undefined {
  if (isTypeName(of)) {
    const type = resolveType(of, context.tables)
    if (typeof type !== 'string') return type
    context.error(of.span, type)
    return undefined
  }
  const { result } = context.builder.collect(() => lowerExpression(of, context))
  return result.unknown ? undefined : (result.array ?? result).type
}

export function lowerOffsetof(node: ExpressionNode & { kind: 'offsetof' }, context: HandlerContext): Operand {
  let type = typeOf(node.of, context)
  let offset = 0
  for (const name of node.path) {
    if (type === undefined) return unknownOperand
    if (type.kind !== 'record') {
      context.error(node.span, `'${typeText(type)}' is not a record type.`)
      return unknownOperand
    }
    const field = context.tables.records.get(type.name)?.fields.find((candidate) => candidate.name === name)
    if (field === undefined) {
      context.error(node.span, `'${type.name}' has no field named '${name}'`)
      return unknownOperand
    }
    offset += field.offset
    type = field.type
  }
  return typedConstant(BigInt(offset), uint64)
}
