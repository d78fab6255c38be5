import { parsePattern } from '../probe/pattern.js'
import { isRefusal } from '../refusal/refusal.js'
import { RefusedError } from '../session/api.js'
import { readFunctions, readPatterns } from '../session/read-patterns.js'

/** Throws for the first pattern that cannot be read, before anything is done to the target. */
export function checkPatterns(patterns: readonly string[]): void {
  orThrow(readPatterns(patterns))
}

/** The same, where only whole functions will do. */
export function checkFunctions(patterns: readonly string[]): void {
  orThrow(readFunctions(patterns))
}

/** The same, where a handler runs before an instruction. */
export function checkSites(patterns: readonly string[]): void {
  for (const pattern of patterns) orThrow(parsePattern(pattern))
}

function orThrow(read: unknown): void {
  if (isRefusal(read)) throw new RefusedError(read)
}
