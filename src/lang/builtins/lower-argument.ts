import type { Expression } from '../../ir/expression.js'
import { uint64 } from '../../ir/value-type.js'
import type { HandlerContext } from '../analysis/handler-context.js'
import { addressAt } from '../analysis/lower-pointer.js'
import { type Operand, pure } from '../analysis/operand.js'
import type { IdentifierNode } from '../syntax/ast.js'
import { inProbes } from './in-probes.js'

/** System V ABI for x86-64, section 3.2.3: six integer arguments in registers, the rest above the return address. */
const REGISTER_ARGUMENTS = 6
const WORD = 8

/** `arg0` and so on, and `sarg0` for the words on the stack. */
export function lowerArgument(node: IdentifierNode, context: HandlerContext): Operand | undefined {
  const [, onStack, digits] = /^(s?)arg(\d{1,3})$/.exec(node.name) ?? []
  if (digits === undefined) return undefined
  const index = Number(digits)
  return inProbes(['uprobe'], node.name, node.span, context, () => {
    if (onStack === 's') return stackWord(index, node, context)
    if (index >= REGISTER_ARGUMENTS) return stackWord(index - REGISTER_ARGUMENTS, node, context)
    return pure({ op: 'input', type: uint64, input: { kind: 'argument', index } })
  })
}

function stackWord(index: number, node: IdentifierNode, { builder }: HandlerContext): Operand {
  const stackPointer: Expression = { op: 'input', type: uint64, input: { kind: 'register', name: 'sp' } }
  const local = builder.temporary(uint64)
  builder.emit({ op: 'read', local, address: addressAt(stackPointer, WORD * (index + 1)), span: node.span })
  return pure(builder.read(local))
}
