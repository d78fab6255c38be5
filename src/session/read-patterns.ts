import { parsePattern } from '../probe/pattern.js'
import { isWatchpoint, parseWatchpoint, type Watchpoint } from '../probe/watchpoint.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'

/** What was asked for, by kind. */
export interface ReadPatterns {
  /** Patterns that can be read, as they were written. */
  readonly functions: readonly string[]
  readonly watchpoints: readonly Watchpoint[]
}

/** Tells functions and watchpoints apart; refuses with the first that cannot be read. */
export function readPatterns(patterns: readonly string[]): ReadPatterns | Refusal {
  const functions: string[] = []
  const watchpoints: Watchpoint[] = []
  for (const text of patterns) {
    const read = isWatchpoint(text) ? parseWatchpoint(text) : parsePattern(text)
    if (isRefusal(read)) return read
    if ('access' in read) watchpoints.push(read)
    else functions.push(text)
  }
  return { functions, watchpoints }
}
