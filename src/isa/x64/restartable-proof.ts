import { hex } from '../../bytes/address.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { ModuleCode } from './module-code.js'
import { upperBound } from './sorted-search.js'
import type { WindowShape } from './window-shape.js'

/**
 * Proves that no instruction of a restartable sequence is displaced: a thread that leaves the sequence on its way into a
 * trampoline would no longer be sent to the abort handler when it is interrupted, and would break what the sequence keeps.
 */
export function restartedInside(
  code: ModuleCode,
  site: number,
  { displacedLength, padding }: WindowShape,
): Refusal | undefined {
  const bounds = code.facts.restartable
  // An odd number of bounds up to the site: it is inside of a range. Else the next range must begin behind the window.
  const next = upperBound(bounds, site)
  const start = next % 2 === 1 ? bounds[next - 1] : bounds[next]
  if (start === undefined || start >= site + displacedLength + padding) return undefined
  const because = `the jump at ${hex(site)} would change the restartable sequence (rseq) at ${hex(start)}, which no thread may leave in the middle`
  return refuse('restartable-sequence', because)
}
