import type { Span } from '../../ir/statement.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { type Operand, unknownOperand } from '../analysis/operand.js'

/** A builtin that only some kinds of probe have. */
export function inProbes(
  kinds: readonly string[],
  name: string,
  span: Span,
  context: HandlerContext,
  lower: () => Operand,
): Operand {
  const other = context.probes.find(({ kind }) => !kinds.includes(kind))
  if (other === undefined) return lower()
  const wanted = kinds.map((kind) => `'${kind}'`).join(' and ')
  context.error(span, `The ${name} builtin can only be used with ${wanted} probes, not with '${other.text}'`)
  return unknownOperand
}
