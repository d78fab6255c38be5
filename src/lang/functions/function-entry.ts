import type { HandlerContext } from '../analysis/handler-context.js'
import type { Operand } from '../analysis/operand.js'
import type { CallNode } from '../syntax/ast.js'
import type { ArgumentCount } from './argument-count.js'

/** A function of the language. Adding one adds a file, and a line in function-table.ts. */
export interface FunctionEntry {
  readonly name: string
  /** As the manual writes it. */
  readonly signature: string
  readonly arguments: ArgumentCount
  /** It acts on the target or the system, and needs --unsafe. */
  readonly unsafe?: true
  lower(call: CallNode, context: HandlerContext): Operand
}
