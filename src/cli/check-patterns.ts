import { parsePattern } from '../probe/pattern.js'
import { isRefusal } from '../refusal/refusal.js'
import { RefusedError } from '../session/api.js'

/** Throws for the first pattern that cannot be read, before anything is done to the target. */
export function checkPatterns(patterns: readonly string[]): void {
  const refusal = patterns.map(parsePattern).find(isRefusal)
  if (refusal !== undefined) throw new RefusedError(refusal)
}
