import { assert } from '../bytes/assert.js'
import type { ProgramMaps } from '../codegen/interpreter/program-maps.js'
import { bytesOfValue, readValue, type Value } from '../codegen/interpreter/value.js'
import type { MapDeclaration, Program } from '../ir/program.js'
import { isScalar } from '../ir/value-type.js'
import type { ProgramData } from '../probe/program-plan.js'
import { reducedValue } from '../store/aggregate-state.js'
import type { MapEntry, MapSnapshot } from '../store/map-snapshot.js'
import { HEADER, type MapLayout, PLACE, type TableLayout } from '../store/program-layout.js'
import { ProgramReader } from '../store/program-reader.js'

/**
 * The maps of a program that runs in a target, for the handlers that run here. What would have to be in step with other
 * threads is not there: see `objectionTo`.
 */
export class TargetMaps implements ProgramMaps {
  readonly #reader: ProgramReader

  constructor(
    private readonly program: Pick<Program, 'maps'>,
    private readonly data: ProgramData,
  ) {
    this.#reader = new ProgramReader(program, data.layout, (offset, length) => data.read(offset, length))
  }

  load(map: number, key: Value | undefined): Value | undefined {
    const value = this.#entry(map, key)?.value
    if (value === undefined) return undefined
    return 'kind' in value ? reducedValue(value) : readValue(value, 0, this.#declaration(map).value)
  }

  has(map: number, key: Value | undefined): boolean {
    return this.#entry(map, key) !== undefined
  }

  length(map: number): number {
    return this.snapshot(map).entries.length
  }

  snapshot(map: number): MapSnapshot {
    return this.#reader.snapshot(map)
  }

  /** The value first: who finds the entry finds its value. */
  store(map: number, _key: Value | undefined, value: Value): boolean {
    const place = this.#place(map)
    assert(place.kind === 'shared-value', 'only values without keys are stored from outside')
    this.data.write(place.valueOffset, storedBytes(this.#declaration(map), value))
    this.data.write(place.header + HEADER.entries, Uint8Array.of(1, 0, 0, 0))
    return true
  }

  aggregate(): boolean {
    assert(false, 'aggregates are not changed from outside')
  }

  delete(): boolean {
    assert(false, 'entries are not deleted from outside')
  }

  clear(map: number): void {
    const place = this.#place(map)
    if (place.kind === 'shared-value') this.data.write(place.valueOffset, new Uint8Array(place.valueSize))
    this.#begin(place, 0n)
  }

  zero(map: number): void {
    const place = this.#place(map)
    if (this.length(map) === 0) return
    if (place.kind === 'thread-aggregate') this.#begin(place, 1n)
    else if (place.kind === 'table') this.#zeroTable(place)
    else if (place.kind === 'shared-value') this.data.write(place.valueOffset, new Uint8Array(place.valueSize))
  }

  /** A new generation: what belongs to an earlier one is no more. */
  #begin({ header }: MapLayout, zeroed: bigint): void {
    const generation = this.data.read(header + HEADER.entries, 8).readUInt32LE(4)
    const word = Buffer.alloc(8)
    word.writeBigUInt64LE(zeroed)
    this.data.write(header + HEADER.zeroed, word)
    // In one aligned word: threads exchange it as a whole.
    word.writeBigUInt64LE(BigInt((generation + 1) >>> 0) << 32n)
    this.data.write(header + HEADER.entries, word)
  }

  #zeroTable({ header, offset, placeSize, shift, valueOffset, valueSize }: TableLayout): void {
    const generation = this.data.read(header, 8).readUInt32LE(4)
    const bytes = this.data.read(offset, placeSize * 2 ** shift)
    for (let at = 0; at < bytes.length; at += placeSize) {
      const isReady = bytes.readUInt32LE(at) === PLACE.ready && bytes.readUInt32LE(at + 4) === generation
      if (isReady) this.data.write(offset + at + valueOffset, new Uint8Array(valueSize))
    }
  }

  #entry(map: number, key: Value | undefined): MapEntry | undefined {
    const { entries } = this.snapshot(map)
    const type = this.#declaration(map).key
    if (type === undefined || key === undefined) return entries[0]
    const wanted = Buffer.from(bytesOfValue(type, key))
    return entries.find((entry) => entry.key !== undefined && wanted.equals(entry.key))
  }

  #declaration(map: number): MapDeclaration {
    const found = this.program.maps[map]
    assert(found !== undefined, `there is no map ${map}`)
    return found
  }

  #place(map: number): MapLayout {
    const found = this.data.layout.maps[map]
    assert(found !== undefined, `there is no map ${map}`)
    return found
  }
}

/** As machine code keeps a value without a key: integers are 64 bits wide. */
export function storedBytes({ value: type }: MapDeclaration, value: Value): Uint8Array {
  if (!isScalar(type)) return bytesOfValue(type, value)
  assert(typeof value === 'bigint', 'a scalar')
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value))
  return bytes
}
