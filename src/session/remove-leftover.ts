import { type Refusal, refuse } from '../refusal/refusal.js'
import { clean, findAreas } from '../target/clean.js'
import type { TargetProcess } from '../target/target-process.js'

/** What a killed tracer left is taken out first; a living one is left alone. */
export function removeLeftover(target: TargetProcess, beforeChange: () => void): Refusal | undefined {
  const found = findAreas(target)
  if (found.owner !== undefined) {
    return refuse('busy', `ring3 (process ${found.owner}) is already at work in process ${target.pid}`)
  }
  if (found.nothing) return undefined
  beforeChange()
  const { remaining } = clean(target, found)
  return remaining.length === 0
    ? undefined
    : refuse('busy', `an earlier ring3 left something behind: ${remaining.join('; ')}`)
}
