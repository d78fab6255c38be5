import { hex } from '../../bytes/address.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import { type DecodedModule, decodedFunction } from './decoded-module.js'
import { functionAround } from './module-code.js'
import type { Reference, References } from './reference-scan.js'

/**
 * Proves that nothing in the module's text or data leads to `site + 1 … site + length − 1`, from the scan's superset:
 * a hit counts unless the function that holds it, decoded, does no such thing.
 */
export function referenceInto(
  module: DecodedModule,
  found: References,
  site: number,
  length: number,
): Refusal | undefined {
  for (let target = site + 1; target < site + length; target++) {
    for (const reference of found.get(target) ?? []) {
      if (overwritten(reference, site, length) || !isReal(module, reference, target)) continue
      return refusal(reference, site, target)
    }
  }
  return undefined
}

/** A branch inside the jump's own bytes is displaced: relocation leads it to the displaced copy, and the bytes are gone. */
function overwritten({ kind, source }: Reference, site: number, length: number): boolean {
  return kind === 'branch' && source >= site && source < site + length
}

function isReal(module: DecodedModule, { source }: Reference, target: number): boolean {
  const bounds = functionAround(module.code, source)
  if (bounds === undefined) return true
  const decoded = decodedFunction(module, bounds)
  const { valid, branchTargets, addresses, sums } = decoded
  return !valid || branchTargets.has(target) || addresses.has(target) || sums.has(target)
}

function refusal({ kind, source }: Reference, site: number, target: number): Refusal {
  const where = `${hex(target)}, inside the jump at ${hex(site)}`
  if (kind === 'branch') return refuse('branch-into-window', `the branch at ${hex(source)} leads to ${where}`)
  return refuse('symbol-in-window', `the code or data at ${hex(source)} takes the address of ${where}`)
}
