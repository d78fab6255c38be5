import { hex } from '../../bytes/address.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { FunctionBounds } from '../code-facts.js'
import { decodedFunction, type DecodedModule } from './decoded-module.js'
import { type FunctionCode, type IndirectJump, mayJumpIndirectly } from './function-code.js'
import { tableTargets } from './jump-tables.js'
import { textBytes } from './module-code.js'
import { registerOrigin } from './register-origin.js'

/**
 * Proves that no indirect jump of the function that owns a window leads into the window.
 *
 * A jump through memory, or through a register that was loaded with a pointer, goes where somebody has taken an address:
 * those are labels (relocations) or references (lea, absolute words), which other steps look at. That covers computed
 * gotos, tables of absolute addresses, virtual calls and tail calls through pointers. What is left are sums of a base
 * and a table entry. Compilers form the base with a lea in the same function, so all tables at all bases are read.
 */
export function indirectJumpInto(module: DecodedModule, bounds: FunctionBounds, site: number, length: number): Refusal | undefined {
  if (!mayJumpIndirectly(textBytes(module.code, bounds.start, bounds.end - bounds.start))) return undefined
  const owner = decodedFunction(module, bounds)
  if (!owner.valid) return refuse('jump-table-unknown', `The function at ${hex(bounds.start)} cannot be decoded to its end.`)
  const jumps = owner.indirectJumps.filter((jump) => jump.register !== undefined)
  if (jumps.length === 0) return undefined
  const targets = tableTargets(module.code, owner)
  for (let target = site + 1; target < site + length; target++) {
    if (targets.has(target)) return refuse('symbol-in-window', `A jump table entry leads to ${hex(target)}, inside the jump.`)
  }
  const unknown = jumps.find((jump) => !isUnderstood(module, owner, jump, targets))
  return unknown && refuse('jump-table-unknown', `Where the jump at ${hex(unknown.address)} goes cannot be told.`)
}

function isUnderstood({ code }: DecodedModule, owner: FunctionCode, jump: IndirectJump, targets: ReadonlySet<number>): boolean {
  switch (registerOrigin(code, owner.bounds, jump)) {
    case 'pointer':
      return true
    case 'sum':
      return leadsInto(owner.bounds, targets)
    case 'computed':
      return false
  }
}

/** A table of this function has at least one entry in it; without one, the table has not been found. */
function leadsInto({ start, end }: FunctionBounds, targets: ReadonlySet<number>): boolean {
  for (const target of targets) {
    if (target >= start && target < end) return true
  }
  return false
}
