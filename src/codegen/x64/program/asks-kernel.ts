import type { SimpleInput } from '../../../ir/expression.js'
import type { Handler } from '../../../ir/program.js'
import { evaluates, hasStatement } from '../../../ir/walk-statement.js'

/** Whether the machine code of a handler may make system calls: gettid, prctl, getpid, kill, tgkill. */
export function asksKernel(handler: Handler): boolean {
  const sendsSignal = hasStatement(handler.body, ({ op }) => op === 'send-signal')
  return sendsSignal || readsInput(handler, 'comm') || readsInput(handler, 'tid')
}

export function readsInput({ body }: Handler, kind: SimpleInput): boolean {
  return hasStatement(body, (statement) =>
    evaluates(statement, (part) => part.op === 'input' && part.input.kind === kind),
  )
}
