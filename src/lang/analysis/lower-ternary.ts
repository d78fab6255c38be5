import { typeText } from '../../ir/type-text.js'
import { isScalar } from '../../ir/value-type.js'
import type { ExpressionNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { joinTypes } from './join-types.js'
import { lowerExpression } from './lower-expression.js'
import { truthOf } from './lower-logical.js'
import { type Operand, pure, unknownOperand } from './operand.js'

type TernaryNode = ExpressionNode & { kind: 'ternary' }

/** `a ? b : c`: only one of the two is evaluated. */
export function lowerTernary(node: TernaryNode, context: HandlerContext): Operand {
  const condition = lowerExpression(node.condition, context)
  const truth =
    condition.expression.op === 'constant' || condition.expression.op === 'block' ? truthOf(condition) : undefined
  if (truth !== undefined) return lowerExpression(truth ? node.consequent : node.alternative, context)
  const test = context.condition(condition, node.condition.span)
  const consequent = lowerArm(node.consequent, context)
  const alternative = lowerArm(node.alternative, context)
  return choose(node, test, consequent, alternative, context)
}

type Arm = ReturnType<typeof lowerArm>

function lowerArm(node: ExpressionNode, context: HandlerContext) {
  return context.builder.collect(() => {
    const operand = lowerExpression(node, context)
    return operand.place === undefined ? operand : pure(context.value(operand, node.span))
  })
}

function choose(
  node: TernaryNode,
  condition: Operand['expression'],
  consequent: Arm,
  alternative: Arm,
  context: HandlerContext,
): Operand {
  const { builder } = context
  const [left, right] = [consequent.result, alternative.result]
  if (left.unknown || right.unknown) return unknownOperand
  if (left.type.kind === 'void' && right.type.kind === 'void') {
    builder.emit({ op: 'if', condition, consequent: consequent.statements, alternative: alternative.statements })
    return left
  }
  const type = joinTypes(left, right)?.type
  if (type === undefined || type.kind === 'void') {
    const [have, and] = [typeText(left.type), typeText(right.type)]
    context.error(node.span, `Branches must return the same type: have '${have}' and '${and}'`)
    return unknownOperand
  }
  const values = [
    context.coerce(left, type, node.consequent.span),
    context.coerce(right, type, node.alternative.span),
  ] as const
  if (consequent.statements.length === 0 && alternative.statements.length === 0 && isScalar(type))
    return pure({ op: 'choose', type, condition, consequent: values[0], alternative: values[1] })
  const local = builder.temporary(type)
  builder.emit({
    op: 'if',
    condition,
    consequent: [...consequent.statements, { op: 'set', local, value: values[0] }],
    alternative: [...alternative.statements, { op: 'set', local, value: values[1] }],
  })
  return pure(builder.read(local))
}
