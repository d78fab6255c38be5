import type { Expression } from './expression.js'

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
