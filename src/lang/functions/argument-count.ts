import type { HandlerContext } from '../analysis/handler-context.js'
import type { CallNode } from '../syntax/ast.js'

/** The least and the most arguments that a function takes. */
export type ArgumentCount = readonly [least: number, most: number]

const words = ['no', 'one', 'two', 'three', 'four']

/** Reports a call with too few or too many arguments, in bpftrace's words. */
export function checkArgumentCount(call: CallNode, [least, most]: ArgumentCount, context: HandlerContext): boolean {
  const given = call.arguments.length
  if (given >= least && given <= most) return true
  const provided = `(${given} provided)`
  if (least === most) context.error(call.span, `${call.name}() requires ${exactly(least)} ${provided}`)
  else if (given < least) context.error(call.span, `${call.name}() requires at least ${exactly(least)} ${provided}`)
  else context.error(call.span, `${call.name}() takes up to ${most} arguments ${provided}`)
  return false
}

function exactly(count: number): string {
  if (count === 1) return 'one argument'
  return `${count === 0 ? words[0] : count} arguments`
}
