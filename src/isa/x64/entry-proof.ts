import { hex } from '../../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import type { CodeFacts, FunctionBounds } from '../code-facts.js'
import { InstructionCursor } from './instruction-cursor.js'
import { functionAround, isText, type ModuleCode, moduleCode, textBytes } from './module-code.js'

/** Architecture.checkBoundary. */
export function checkBoundary(facts: CodeFacts, site: number): Refusal | undefined {
  const owner = ownerOf(moduleCode(facts), site)
  return isRefusal(owner) ? owner : undefined
}

/** The function that a site is an instruction of, or why it is none. */
export function ownerOf(code: ModuleCode, site: number): FunctionBounds | Refusal {
  if (!isText(code, site)) return refuse('not-text', `${hex(site)} is not in an executable segment`)
  const bounds = functionAround(code, site)
  if (bounds === undefined) {
    return refuse(
      'unknown-boundaries',
      `no function is known around ${hex(site)}, so its instructions cannot be told apart`,
    )
  }
  return site === bounds.start ? bounds : onBoundary(code, bounds, site)
}

function onBoundary(code: ModuleCode, bounds: FunctionBounds, site: number): FunctionBounds | Refusal {
  const length = site - bounds.start
  using cursor = new InstructionCursor(textBytes(code, bounds.start, bounds.end - bounds.start), bounds.start)
  while (cursor.nextOffset < length) {
    if (!cursor.next())
      return refuse('unknown-boundaries', `the bytes at ${hex(bounds.start + cursor.offset)} are no instruction`)
  }
  if (cursor.nextOffset === length) return bounds
  const start = hex(bounds.start + cursor.offset)
  return refuse('not-an-instruction', `${hex(site)} is inside the instruction at ${start}`)
}
