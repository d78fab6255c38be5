import { unreachable } from '../bytes/assert.js'
import type { Expression } from './expression.js'
import type { Statement } from './statement.js'
import { contains } from './walk-expression.js'

/** Every statement of a list, and all that are inside of them, in order. */
export function* statementsIn(body: readonly Statement[]): Generator<Statement> {
  for (const statement of body) {
    yield statement
    yield* statementsIn(innerStatements(statement))
  }
}

/** Whether a statement of a list, or one inside of them, is such. */
export function hasStatement(body: readonly Statement[], isSuch: (statement: Statement) => boolean): boolean {
  for (const statement of statementsIn(body)) if (isSuch(statement)) return true
  return false
}

/** Whether a statement itself, not those inside of it, evaluates such an expression. */
export function evaluates(statement: Statement, isSuch: (part: Expression) => boolean): boolean {
  return operandsOf(statement).some((operand) => contains(operand, isSuch))
}

/** The statements directly inside of one. */
function innerStatements(statement: Statement): readonly Statement[] {
  switch (statement.op) {
    case 'if':
      return [...statement.consequent, ...statement.alternative]
    case 'loop':
      return [...statement.body, ...statement.step]
    case 'for-each':
      return statement.body
    default:
      return []
  }
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
    case 'take-call':
    case 'note-call':
    case 'pass-call':
    case 'receive-call':
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
