import { unreachable } from '../../../bytes/assert.js'
import type { Expression } from '../../../ir/expression.js'
import type { Statement } from '../../../ir/statement.js'

/** What an expression is directly made of. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.op) {
    case 'constant':
    case 'block':
    case 'local':
    case 'input':
      return []
    case 'not':
    case 'negate':
    case 'complement':
    case 'convert':
    case 'resize':
      return [expression.value]
    case 'choose':
      return [expression.condition, expression.consequent, expression.alternative]
    case 'tuple':
      return expression.elements
    case 'extract':
      return [expression.block]
    case 'call':
      return expression.arguments
    default:
      return [expression.left, expression.right]
  }
}

/** Whether the expression, or anything in it, is such. */
export function contains(expression: Expression, isSuch: (part: Expression) => boolean): boolean {
  return isSuch(expression) || partsOf(expression).some((part) => contains(part, isSuch))
}

export function mentions(expression: Expression, local: number): boolean {
  return contains(expression, (part) => part.op === 'local' && part.local === local)
}

/** The expressions that a statement evaluates itself. */
export function operandsOf(statement: Statement): readonly Expression[] {
  const key = 'key' in statement && statement.key !== undefined ? [statement.key] : []
  switch (statement.op) {
    case 'set':
      return [statement.value]
    case 'divide':
    case 'modulo':
      return [statement.left, statement.right]
    case 'read':
    case 'join':
      return [statement.address]
    case 'read-string':
      return statement.limit === undefined ? [statement.address] : [statement.address, statement.limit]
    case 'read-buffer':
      return [statement.address, statement.length]
    case 'map-store':
    case 'map-aggregate':
      return [...key, statement.value]
    case 'map-load':
    case 'map-delete':
    case 'map-has':
      return key
    case 'if':
      return [statement.condition]
    case 'emit':
      return statement.values
    case 'send-signal':
      return [statement.signal]
    case 'clear':
    case 'take-stack':
    case 'sample':
    case 'map-length':
    case 'loop':
    case 'for-each':
    case 'break':
    case 'continue':
    case 'return':
      return []
    default:
      return unreachable(statement)
  }
}
