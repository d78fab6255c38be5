import assert from 'node:assert/strict'
import type { MapEntry } from '../../../src/store/map-snapshot.js'
import { HEADER } from '../../../src/store/program-layout.js'
import type { AreaReaders } from './run-hits.js'

/** Entries of a map whose keys are integers. */
export function entriesOf({ reader }: AreaReaders, map: number): Map<bigint, MapEntry['value']> {
  const { entries } = reader.snapshot(map)
  const keyed = entries.map(({ key, value }): [bigint, MapEntry['value']] => [wordOf(key ?? assert.fail()), value])
  assert.equal(new Set(keyed.map(([key]) => key)).size, keyed.length, 'a key has one entry')
  return new Map(keyed)
}

/** An integer of up to 64 bits at the beginning of a block. */
export function wordOf(block: Uint8Array): bigint {
  const word = Buffer.alloc(8)
  word.set(block.subarray(0, 8))
  return word.readBigUInt64LE()
}

export function totalOf(value: MapEntry['value'] | undefined): bigint {
  if (value === undefined) return 0n
  if (!('kind' in value)) return wordOf(value)
  if ('total' in value) return value.total
  return 'counts' in value ? [...value.counts.values()].reduce((sum, count) => sum + count, 0n) : assert.fail()
}

/** All values of a map together. */
export function sumOf({ reader }: AreaReaders, map: number): bigint {
  return reader.snapshot(map).entries.reduce((sum, { value }) => sum + totalOf(value), 0n)
}

/** Entries that the map's header counts. */
export function countedEntries({ reader }: AreaReaders, map: number): bigint {
  const header = reader.layout.maps[map]?.header ?? assert.fail()
  return BigInt.asUintN(32, wordOf(reader.read(header + HEADER.entries, 8)))
}

export function warningsOf({ reader }: AreaReaders, kind: string): bigint {
  return reader.warnings().reduce((sum, warning) => sum + (warning.kind === kind ? BigInt(warning.count) : 0n), 0n)
}
