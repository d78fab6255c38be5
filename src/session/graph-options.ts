/** What is looked at, and what is kept. Patterns are those of functions. */
export interface GraphOptions {
  /** Functions that are looked at inside of the roots, besides those of the modules that have a root. */
  readonly with?: readonly string[]
  /** Functions that are left out, with all that they call. */
  readonly notrace?: readonly string[]
  /** Functions that are not looked at; what they call seems to be called by their callers. */
  readonly hide?: readonly string[]
  /** Also functions inside of the roots that only a dear mechanism reaches: durations are longer for it. */
  readonly all?: boolean
  /** How deep calls are kept: 1 for the roots alone. */
  readonly depth?: number
  /** Calls that took less are left out. Nanoseconds. */
  readonly minNs?: number
  /** Only this thread. */
  readonly tid?: number
  /** The graph ends after so many calls of roots. */
  readonly max?: number
}

/** @throws RangeError for what cannot be meant */
export function checkGraphOptions({ depth, max, tid, minNs }: GraphOptions): void {
  for (const [name, value] of Object.entries({ depth, max, tid }))
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw new RangeError(`${name} is a whole number from 1 on`)
  if (minNs !== undefined && !(minNs >= 0)) throw new RangeError('minNs is a number of nanoseconds')
}

/** Levels that are kept where nothing is said. */
export const DEFAULT_DEPTH = 32
