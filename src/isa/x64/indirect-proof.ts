import { hex } from '../../bytes/address.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { FunctionBounds } from '../code-facts.js'
import { type DecodedModule, decodedFunction, mayJumpThroughRegister } from './decoded-module.js'
import type { FunctionCode, IndirectJump } from './function-code.js'
import { jumpOrigins } from './jump-origins.js'
import { likelyTableTargets } from './jump-tables.js'
import type { ModuleCode } from './module-code.js'
import { COMPUTED, POINTER, SUM } from './register-origin.js'
import { upperBound } from './sorted-search.js'

/**
 * Proves that the indirect jumps of the function that owns a window go nowhere but where other steps have looked.
 *
 * A jump through memory, or through a register that was loaded with a pointer, goes where somebody has taken an address:
 * those are labels (relocations) or references (lea, absolute words). That covers computed gotos, tables of absolute
 * addresses, virtual calls and tail calls through pointers. What is left are sums of a base and a table entry. Compilers
 * form the base with a lea in the function that uses it, and `scanTables` reads at all of those.
 */
export function unknownJump(module: DecodedModule, bounds: FunctionBounds): Refusal | undefined {
  if (!mayJumpThroughRegister(module, bounds)) return undefined
  const owner = decodedFunction(module, bounds)
  if (!owner.valid)
    return refuse('jump-table-unknown', `the function at ${hex(bounds.start)} cannot be decoded to its end`)
  if (owner.indirectJumps.every((jump) => jump.register === undefined)) return undefined
  const unknown = notUnderstood(module, owner)
  return unknown && refuse('jump-table-unknown', `where the jump at ${hex(unknown.address)} goes cannot be told`)
}

function notUnderstood(module: DecodedModule, owner: FunctionCode): IndirectJump | undefined {
  const goesOf = whereJumpsGo(module, owner)
  return owner.indirectJumps.find((jump) => goesOf(jump) === 'anywhere')
}

/**
 * Where an indirect jump of a function goes, by its register: where an entry of a table of the function says, where a
 * pointer does, or nobody knows.
 */
export function whereJumpsGo(
  { code }: DecodedModule,
  owner: FunctionCode,
): (jump: IndirectJump) => 'by-table' | 'by-pointer' | 'anywhere' {
  const targets = likelyTableTargets(code, owner, Float64Array.from(owner.addresses).sort())
  const origins = jumpOrigins(code, owner, { tableTargets: targets, labels: new Set(labelsOf(code, owner.bounds)) })
  const tableKnown = leadsInto(owner.bounds, targets)
  return ({ address }) => {
    const origin = origins.get(address) ?? COMPUTED
    if (origin === POINTER) return 'by-pointer'
    return origin === SUM && tableKnown ? 'by-table' : 'anywhere'
  }
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
