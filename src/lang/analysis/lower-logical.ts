import type { Expression } from '../../ir/expression.js'
import { boolType } from '../../ir/value-type.js'
import type { BinaryNode } from '../syntax/ast.js'
import type { HandlerContext } from './handler-context.js'
import { lowerExpression } from './lower-expression.js'
import { booleanOperand, type Operand, pure } from './operand.js'

/** `&&` and `||`: the right side is only evaluated where the left one does not decide. */
export function lowerLogical(node: BinaryNode, operator: '&&' | '||', context: HandlerContext): Operand {
  const { builder } = context
  const isAnd = operator === '&&'
  const left = lowerExpression(node.left, context)
  const known = truthOf(left)
  if (known !== undefined && known !== isAnd) return booleanOperand(!isAnd)
  const condition = context.condition(left, node.left.span)
  const { statements, result: then } = builder.collect(() =>
    context.condition(lowerExpression(node.right, context), node.right.span),
  )
  const decided: Expression = { op: 'constant', type: boolType, value: isAnd ? 0n : 1n }
  if (statements.length === 0)
    return pure(
      isAnd
        ? { op: 'choose', type: boolType, condition, consequent: then, alternative: decided }
        : { op: 'choose', type: boolType, condition, consequent: decided, alternative: then },
    )
  const local = builder.temporary(boolType)
  const evaluate = [...statements, { op: 'set' as const, local, value: then }]
  const skip = [{ op: 'set' as const, local, value: decided }]
  builder.emit({ op: 'if', condition, consequent: isAnd ? evaluate : skip, alternative: isAnd ? skip : evaluate })
  return pure(builder.read(local))
}

/** Whether a value known at compile time is true. */
export function truthOf({ constant }: Operand): boolean | undefined {
  if (constant === undefined) return undefined
  return typeof constant === 'bigint' ? constant !== 0n : typeof constant === 'string' ? constant !== '' : constant
}
