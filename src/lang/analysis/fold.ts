import type { BinaryOperatorText } from '../syntax/ast.js'

const MAX = (1n << 64n) - 1n
const MIN = -(1n << 63n)

/** The value of an operation on two literals, with C's signed division; `undefined` where it does not fit into 64 bits. */
export function foldIntegers(operator: BinaryOperatorText, left: bigint, right: bigint): bigint | boolean | undefined {
  const compared = compare(operator, left, right)
  if (compared !== undefined) return compared
  const result = calculate(operator, left, right)
  return result === undefined || result > MAX || result < MIN ? undefined : result
}

/** Also for strings, by their bytes. */
export function compare<T extends bigint | string>(
  operator: BinaryOperatorText,
  left: T,
  right: T,
): boolean | undefined {
  switch (operator) {
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    default:
      return undefined
  }
}

function calculate(operator: BinaryOperatorText, left: bigint, right: bigint): bigint | undefined {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return right === 0n ? undefined : left / right
    case '%':
      return right === 0n ? undefined : left % right
    case '&':
      return left & right
    case '|':
      return left | right
    case '^':
      return left ^ right
    case '<<':
      return wrap(BigInt.asUintN(64, left) << (right & 63n), left)
    case '>>':
      return wrap(BigInt.asUintN(64, left) >> (right & 63n), left)
    default:
      return undefined
  }
}

/** Shifted bits fall off; a result is as signed as what was shifted. */
function wrap(value: bigint, like: bigint): bigint {
  const bits = BigInt.asUintN(64, value)
  return like < 0n || bits <= MAX >> 1n ? BigInt.asIntN(64, bits) : bits
}
