import { type ProbePattern, parsePattern } from '../probe/pattern.js'
import { isWatchpoint, parseWatchpoint, type WatchedVariable, type Watchpoint } from '../probe/watchpoint.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'

/** What was asked for, by kind. */
export interface ReadPatterns {
  /** Patterns that can be read, as they were written. */
  readonly functions: readonly string[]
  /** Functions whose returns are wanted, as patterns of functions. */
  readonly returns: readonly string[]
  readonly watchpoints: readonly (Watchpoint | WatchedVariable)[]
}

const returnPrefix = /^\s*(?:uretprobe|ur):/

/** Tells functions, their returns and watchpoints apart; refuses with the first that cannot be read. */
export function readPatterns(patterns: readonly string[]): ReadPatterns | Refusal {
  const functions: string[] = []
  const returns: string[] = []
  const watchpoints: (Watchpoint | WatchedVariable)[] = []
  for (const text of patterns) {
    const pattern = text.replace(returnPrefix, 'uprobe:')
    const read = isWatchpoint(text) ? parseWatchpoint(text) : parsePattern(pattern)
    if (isRefusal(read)) return read
    if ('access' in read) watchpoints.push(read)
    else if (pattern !== text && isInside(read))
      return refuse('bad-pattern', `${text}: returns are those of a function`)
    else if (pattern !== text) returns.push(pattern)
    else functions.push(text)
  }
  return { functions, returns, watchpoints }
}

/** Patterns of whole functions; refuses with the first that is none. */
export function readFunctions(patterns: readonly string[]): readonly string[] | Refusal {
  for (const text of patterns) {
    const read = parsePattern(text)
    if (isRefusal(read)) return read
    if (isInside(read)) return refuse('bad-pattern', `${text}: a whole function is wanted here, without an offset`)
  }
  return patterns
}

function isInside(pattern: ProbePattern): boolean {
  return pattern.kind === 'file-offset' || pattern.offset !== 0
}
