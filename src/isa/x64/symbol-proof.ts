import { hex } from '../../bytes/address.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { ModuleCode } from './module-code.js'
import { firstBetween } from './sorted-search.js'

/**
 * Proves that no table names a byte that the jump overwrites, other than the site. A label behind the jump is
 * harmless even inside the last displaced instruction: the bytes there stay as they are and still run.
 */
export function labelInto(code: ModuleCode, site: number, length: number): Refusal | undefined {
  const label =
    firstBetween(code.facts.labels, site, site + length) ?? firstBetween(code.functionStarts, site, site + length)
  return label === undefined
    ? undefined
    : refuse('symbol-in-window', `a symbol or table names ${hex(label)}, inside the jump at ${hex(site)}`)
}
