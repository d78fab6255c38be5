import type { Span } from '../../ir/statement.js'
import type { StackMode } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { lowerExpression } from '../analysis/lower-expression.js'
import { constantInteger, type Operand, pure, unknownOperand } from '../analysis/operand.js'
import { inProbes } from '../builtins/in-probes.js'
import type { CallNode, ExpressionNode } from '../syntax/ast.js'
import type { FunctionEntry } from './function-entry.js'

/** What the kernel allows unless it is told otherwise (sysctl kernel.perf_event_max_stack). */
const MAX_DEPTH = 127

const modes: readonly StackMode[] = ['bpftrace', 'perf', 'raw']

/** The stack of the thread in user space. */
export const ustack: FunctionEntry = {
  name: 'ustack',
  signature: 'ustack_t ustack([StackMode mode, ][int limit])',
  arguments: [0, 2],
  lower(call, context) {
    const [first, second] = call.arguments
    const named = first?.kind === 'identifier' ? first : undefined
    if (second !== undefined && named === undefined) return refuseMode(call, context)
    const mode = named === undefined ? 'bpftrace' : modes.find((each) => each === named.name)
    if (mode === undefined) return refuseMode(call, context)
    const depth = depthOf(named === undefined ? first : second, context)
    return depth === undefined ? unknownOperand : lowerStack(mode, depth, call.span, context)
  },
}

/** `ustack` without arguments. */
export function lowerPlainStack(span: Span, context: HandlerContext): Operand {
  return lowerStack('bpftrace', MAX_DEPTH, span, context)
}

function lowerStack(mode: StackMode, depth: number, span: Span, context: HandlerContext): Operand {
  return inProbes(['uprobe', 'uretprobe'], 'ustack', span, context, () => {
    const local = context.builder.temporary({ kind: 'ustack', mode, depth })
    context.builder.emit({ op: 'take-stack', local })
    return pure(context.builder.read(local))
  })
}

function depthOf(node: ExpressionNode | undefined, context: HandlerContext): number | undefined {
  if (node === undefined) return MAX_DEPTH
  const depth = constantInteger(lowerExpression(node, context))
  if (depth !== undefined && depth >= 1n && depth <= MAX_DEPTH) return Number(depth)
  if (depth === undefined || depth < 1n)
    context.error(node.span, 'ustack: invalid limit value (must be a positive literal)')
  else context.error(node.span, `ustack([int limit]): limit shouldn't exceed ${MAX_DEPTH}, ${depth} given`)
  return undefined
}

function refuseMode(call: CallNode, context: HandlerContext): Operand {
  context.error(
    call.arguments[0]?.span ?? call.span,
    'Invalid stack mode',
    `the modes are ${modes.join(', ')}; without one, give a literal limit`,
  )
  return unknownOperand
}
