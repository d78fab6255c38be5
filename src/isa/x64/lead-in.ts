import type { FunctionBounds } from '../code-facts.js'
import type { WindowLength } from '../site-analysis.js'
import { FlowControl } from './iced.js'
import { InstructionCursor } from './instruction-cursor.js'
import { type ModuleCode, textBytes } from './module-code.js'

/**
 * How far before a return its window may begin, in bytes: not at all, or at one of the instructions that run one after the other
 * up to it. The nearest first; none beyond the first that leaves the jump enough room.
 */
export function leadsTo(code: ModuleCode, bounds: FunctionBounds, at: number, windowLength: WindowLength): number[] {
  const leads = [0]
  for (const start of straightLineTo(code, bounds, at).toReversed()) {
    const lead = at - start
    leads.push(lead)
    if (lead + 1 >= windowLength) break
  }
  return windowLength === 1 ? [0] : leads
}

/** Where the instructions begin that run one after the other up to another one, without it. */
function straightLineTo(code: ModuleCode, { start, end }: FunctionBounds, at: number): number[] {
  let line: number[] = []
  using cursor = new InstructionCursor(textBytes(code, start, end - start), start)
  while (start + cursor.nextOffset < at && cursor.next()) {
    if (cursor.instruction.flowControl === FlowControl.Next) line.push(start + cursor.offset)
    else line = []
  }
  return line
}
