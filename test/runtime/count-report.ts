/** What `ring3 count -f json` prints, read with suspicion: a wrong shape fails the test that reads it. */
export interface AttachedReport {
  readonly probes: number
  readonly mechanisms: ReadonlyMap<string, number>
  readonly refused: readonly { readonly site: string; readonly code: string; readonly because: string }[]
  readonly stoppedNs: number
  readonly setupNs: number
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function dataOf(line: string, type: string): Record<string, unknown> {
  const value: unknown = JSON.parse(line)
  if (!isObject(value) || value['type'] !== type || !isObject(value['data'])) {
    throw new Error(`no ${type} record: ${line.slice(0, 200)}`)
  }
  return value['data']
}

function numberIn(record: Record<string, unknown>, key: string): number {
  const value = record[key]
  if (typeof value !== 'number') throw new Error(`${key} is no number: ${String(value)}`)
  return value
}

function textIn(record: unknown, key: string): string {
  const value = isObject(record) ? record[key] : undefined
  if (typeof value !== 'string') throw new Error(`${key} is no text: ${String(value)}`)
  return value
}

export function parseAttached(line: string): AttachedReport {
  const data = dataOf(line, 'attached_probes')
  const { mechanisms, refused } = data
  if (!isObject(mechanisms) || !Array.isArray(refused))
    throw new Error(`no attached_probes record: ${line.slice(0, 200)}`)
  return {
    probes: numberIn(data, 'probes'),
    mechanisms: new Map(Object.keys(mechanisms).map((name) => [name, numberIn(mechanisms, name)])),
    refused: refused.map((site: unknown) => ({
      site: textIn(site, 'site'),
      code: textIn(site, 'code'),
      because: textIn(site, 'because'),
    })),
    stoppedNs: numberIn(data, 'stoppedNs'),
    setupNs: numberIn(data, 'setupNs'),
  }
}

/** The counts of a `map` record. Read from the digits, as a count may be larger than a double holds. */
export function parseCounts(line: string): ReadonlyMap<string, bigint> {
  const quoted = line.replace(/:(\d+)(?=[,}])/g, ':"$1"')
  const counts = dataOf(quoted, 'map')['@']
  if (!isObject(counts)) throw new Error(`no map record: ${line.slice(0, 200)}`)
  return new Map(Object.keys(counts).map((key) => [key, BigInt(textIn(counts, key))]))
}

/** The symbol of a `function` record of `ring3 list -f json`. */
export function parseListedSymbol(line: string): string {
  return textIn(dataOf(line, 'function'), 'symbol')
}
