/** Counts at one moment, keyed `module:symbol`; sites without a hit are there with 0. */
export interface CountsRecord {
  readonly counts: ReadonlyMap<string, bigint>
  /** Milliseconds since the probes began to work. */
  readonly elapsedMs: number
}

/** One function and what is known about its calls. */
export interface CountRow {
  readonly site: string
  readonly calls: bigint
  readonly callsPerSecond: number
  /** Part of all calls, 0 to 1. */
  readonly share: number
}

/** Rows of a snapshot and what they add up to. */
export interface CountTable {
  /** Most-called first; sites with equal counts by name. */
  readonly rows: readonly CountRow[]
  readonly calls: bigint
  readonly callsPerSecond: number
  readonly elapsedMs: number
}

/**
 * Orders a snapshot for people. Rates are those since `previous`, or since the beginning where there is none.
 * `all` keeps the sites without a hit.
 */
export function countTable(now: CountsRecord, previous: CountsRecord | undefined, all: boolean): CountTable {
  const seconds = (now.elapsedMs - (previous?.elapsedMs ?? 0)) / 1000
  const perSecond = (calls: bigint): number => (seconds > 0 ? Number(calls) / seconds : 0)
  const total = sum(now.counts.values())
  const rows = orderedSites(now.counts, all).map(([site, calls]) => ({
    site,
    calls,
    callsPerSecond: perSecond(calls - (previous?.counts.get(site) ?? 0n)),
    share: total === 0n ? 0 : Number(calls) / Number(total),
  }))
  const before = previous === undefined ? 0n : sum(previous.counts.values())
  return { rows, calls: total, callsPerSecond: perSecond(total - before), elapsedMs: now.elapsedMs }
}

/** The sites of a snapshot, most-called first, without those that no thread has passed unless `all`. */
export function orderedSites(counts: ReadonlyMap<string, bigint>, all: boolean): [string, bigint][] {
  return [...counts]
    .filter(([, calls]) => all || calls > 0n)
    .sort(([siteA, a], [siteB, b]) => (a === b ? compareText(siteA, siteB) : a > b ? -1 : 1))
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function sum(counts: Iterable<bigint>): bigint {
  let total = 0n
  for (const calls of counts) total += calls
  return total
}
