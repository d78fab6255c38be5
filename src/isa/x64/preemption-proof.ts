import { hex } from '../../bytes/address.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { ModuleCode } from './module-code.js'
import { upperBound } from './sorted-search.js'
import type { WindowShape } from './window-shape.js'

/**
 * Proves that no work that the program's runtime has suspended, on a stack that no thread runs on, goes on inside the
 * jump: at no instruction that begins there, other than the site, does the runtime suspend anything. In the trampoline
 * it does not either: it knows its own code only.
 */
export function suspendedInside(
  code: ModuleCode,
  site: number,
  length: number,
  { displaced }: WindowShape,
): Refusal | undefined {
  const boundary = displaced
    .slice(1)
    .find(({ offset }) => offset < length && inRanges(code.facts.preemptible, site + offset))
  if (boundary === undefined) return undefined
  const because = `a goroutine may have been suspended at ${hex(site + boundary.offset)}, inside the jump at ${hex(site)}`
  return refuse('preemptible-window', because)
}

/** An odd number of bounds up to an address: the last of them is a start. */
function inRanges(bounds: Float64Array, address: number): boolean {
  return upperBound(bounds, address) % 2 === 1
}
