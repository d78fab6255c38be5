import { isRefusal } from '../refusal/refusal.js'
import { RefusedError } from '../session/api.js'
import { readPatterns } from '../session/read-patterns.js'

/** Throws for the first pattern that cannot be read, before anything is done to the target. */
export function checkPatterns(patterns: readonly string[]): void {
  const refusal = readPatterns(patterns)
  if (isRefusal(refusal)) throw new RefusedError(refusal)
}
