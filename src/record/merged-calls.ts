import type { CallRecord } from './call-record.js'

/** Calls of one function that were called in the same way: from the root on by the same functions. */
export interface MergedCall {
  /** `module:symbol` */
  readonly site: string
  readonly count: number
  /** Of those whose end was seen, in nanoseconds. */
  readonly totalNs: number
  /** In the order in which they were first seen. */
  readonly calls: readonly MergedCall[]
}

interface Merging {
  readonly site: string
  count: number
  totalNs: number
  readonly calls: Map<string, Merging>
}

/** Merges trees of calls, as they come. */
export class CallMerger {
  readonly #roots = new Map<string, Merging>()

  add(tree: CallRecord): void {
    merge(this.#roots, tree)
  }

  get merged(): readonly MergedCall[] {
    return plain(this.#roots)
  }
}

function merge(into: Map<string, Merging>, { site, durationNs = 0, calls }: CallRecord): void {
  const merging = into.get(site) ?? { site, count: 0, totalNs: 0, calls: new Map() }
  into.set(site, merging)
  merging.count++
  merging.totalNs += durationNs
  for (const call of calls) merge(merging.calls, call)
}

function plain(calls: ReadonlyMap<string, Merging>): MergedCall[] {
  return [...calls.values()].map((each) => ({ ...each, calls: plain(each.calls) }))
}
