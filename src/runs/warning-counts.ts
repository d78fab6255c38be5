import type { RunWarning } from '../codegen/interpreter/effect.js'
import type { RunSink } from './run-action.js'

/** Tells of each warning when it first comes, and of how many there were at the end. */
export class WarningCounts {
  readonly #counts = new Map<string, RunWarning>()

  constructor(private readonly sink: RunSink) {}

  add(warning: RunWarning): void {
    const key = `${warning.kind} ${warning.span.start}`
    const known = this.#counts.get(key)
    if (known === undefined) this.sink({ kind: 'warning', warning: { ...warning, count: 1 } })
    this.#counts.set(key, { ...warning, count: warning.count + (known?.count ?? 0) })
  }

  /** Tells of those that came more than once. */
  sum(): void {
    for (const warning of this.#counts.values()) if (warning.count > 1) this.sink({ kind: 'warning', warning })
  }
}
