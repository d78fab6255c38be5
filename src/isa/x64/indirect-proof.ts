import { hex } from '../../bytes/address.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { FunctionBounds } from '../code-facts.js'
import { type DecodedModule, decodedFunction } from './decoded-module.js'
import { type FunctionCode, type IndirectJump, mayJumpIndirectly } from './function-code.js'
import { jumpOrigins } from './jump-origins.js'
import { likelyTableTargets, tableTargets } from './jump-tables.js'
import { type ModuleCode, textBytes } from './module-code.js'
import { COMPUTED, POINTER, SUM } from './register-origin.js'
import { upperBound } from './sorted-search.js'
import type { WindowShape } from './window-shape.js'

/**
 * Proves that no indirect jump of the function that owns a window leads into the window.
 *
 * A jump through memory, or through a register that was loaded with a pointer, goes where somebody has taken an address:
 * those are labels (relocations) or references (lea, absolute words), which other steps look at. That covers computed
 * gotos, tables of absolute addresses, virtual calls and tail calls through pointers. What is left are sums of a base
 * and a table entry. Compilers form the base with a lea in the same function, so all tables at all bases are read.
 */
export function indirectJumpInto(
  module: DecodedModule,
  bounds: FunctionBounds,
  site: number,
  shape: WindowShape,
): Refusal | undefined {
  if (!mayJumpIndirectly(textBytes(module.code, bounds.start, bounds.end - bounds.start))) return undefined
  const owner = decodedFunction(module, bounds)
  if (!owner.valid)
    return refuse('jump-table-unknown', `The function at ${hex(bounds.start)} cannot be decoded to its end.`)
  if (owner.indirectJumps.every((jump) => jump.register === undefined)) return undefined
  const targets = tableTargets(module.code, owner)
  const hit = interiorInstructions(site, shape).find((address) => targets.has(address))
  if (hit !== undefined) return refuse('symbol-in-window', `A jump table entry leads to ${hex(hit)}, inside the jump.`)
  const unknown = notUnderstood(module, owner)
  return unknown && refuse('jump-table-unknown', `Where the jump at ${hex(unknown.address)} goes cannot be told.`)
}

/** A table entry is the beginning of an instruction: words behind a table that would lead elsewhere are none of its entries. */
function interiorInstructions(site: number, { displaced }: WindowShape): number[] {
  return displaced.slice(1).map(({ offset }) => site + offset)
}

function notUnderstood({ code }: DecodedModule, owner: FunctionCode): IndirectJump | undefined {
  const targets = likelyTableTargets(code, owner)
  const origins = jumpOrigins(code, owner, { tableTargets: targets, labels: new Set(labelsOf(code, owner.bounds)) })
  const tableKnown = leadsInto(owner.bounds, targets)
  return owner.indirectJumps.find(({ address }) => {
    const origin = origins.get(address) ?? COMPUTED
    return origin !== POINTER && !(origin === SUM && tableKnown)
  })
}

function labelsOf({ facts }: ModuleCode, { start, end }: FunctionBounds): Float64Array {
  return facts.labels.subarray(upperBound(facts.labels, start), upperBound(facts.labels, end - 1))
}

/** A table of this function has at least one entry in it; without one, the table has not been found. */
function leadsInto({ start, end }: FunctionBounds, targets: ReadonlySet<number>): boolean {
  for (const target of targets) {
    if (target >= start && target < end) return true
  }
  return false
}
