import type { HandlerContext } from '../analysis/handler-context.js'
import type { Operand } from '../analysis/operand.js'
import type { IdentifierNode } from '../syntax/ast.js'

/** A variable that the language brings along. */
export interface BuiltinEntry {
  readonly name: string
  lower(node: IdentifierNode, context: HandlerContext): Operand
}
