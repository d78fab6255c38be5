import { MapStore } from '../../../src/codegen/interpreter/map-store.js'
import { bytesOfValue, type Value } from '../../../src/codegen/interpreter/value.js'
import type { Program } from '../../../src/ir/program.js'
import { isScalar, type ValueType } from '../../../src/ir/value-type.js'
import type { MapEntry, MapSnapshot } from '../../../src/store/map-snapshot.js'
import { type ProgramLayout, programLayout, type TableLayout } from '../../../src/store/program-layout.js'
import { usual } from './generate-program.js'

const FACTOR = 0x9e3779b97f4a7c15n
const DELETED = 'deleted'

/** Maps whose entries stand in the order that they have in tables. */
export class TableOrder extends MapStore {
  readonly #program: Program
  readonly #layout: ProgramLayout
  /** By map and place: the key's bytes. */
  readonly #places: (string | undefined)[][]

  constructor(program: Program) {
    super(program.maps)
    this.#program = program
    this.#layout = programLayout(program, usual.shape)
    this.#places = program.maps.map(() => [])
  }

  override store(map: number, key: Value | undefined, value: Value): boolean {
    return this.#inserted(map, key, super.store(map, key, value))
  }

  override aggregate(map: number, key: Value | undefined, value: bigint, nowNs: bigint): boolean {
    return this.#inserted(map, key, super.aggregate(map, key, value, nowNs))
  }

  override delete(map: number, key: Value | undefined): boolean {
    const existed = super.delete(map, key)
    const places = this.#places[map] ?? []
    const at = existed ? places.indexOf(textOf(this.#bytes(map, key))) : -1
    if (at !== -1) places[at] = DELETED
    return existed
  }

  /** Who iterates over the entries sees each as it is when its turn comes. */
  override snapshot(map: number): MapSnapshot {
    const { declaration, entries } = super.snapshot(map)
    const live = [...entries]
    Object.defineProperty(live, Symbol.iterator, { value: () => this.#inOrder(map) })
    return { declaration, entries: live }
  }

  *#inOrder(map: number): Generator<MapEntry> {
    const places = this.#places[map] ?? []
    for (let at = 0; at < places.length; at++) {
      const entry = super.snapshot(map).entries.find(({ key }) => textOf(key) === places[at])
      if (entry !== undefined) yield entry
    }
  }

  #inserted(map: number, key: Value | undefined, isThere: boolean): boolean {
    const layout = this.#layout.maps[map]
    const places = this.#places[map]
    const bytes = this.#bytes(map, key)
    const type = this.#program.maps[map]?.key
    const isKnown = places?.includes(textOf(bytes)) ?? true
    if (!isThere || isKnown || layout?.kind !== 'table' || places === undefined || bytes === undefined) return isThere
    let at = firstPlace(bytes, type, layout)
    while (places[at] !== undefined && places[at] !== DELETED) at = (at + 1) % 2 ** layout.shift
    places[at] = textOf(bytes)
    return isThere
  }

  #bytes(map: number, key: Value | undefined): Uint8Array | undefined {
    const type = this.#program.maps[map]?.key
    return type === undefined || key === undefined ? undefined : bytesOfValue(type, key)
  }
}

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex')
}

function firstPlace(
  bytes: Uint8Array,
  type: ValueType | undefined,
  { keySize, keyEndsAtZero, shift }: TableLayout,
): number {
  const isNegative = type?.kind === 'integer' && type.signed && (bytes.at(-1) ?? 0) > 127
  const key = Buffer.alloc(keySize, type !== undefined && isScalar(type) && isNegative ? 0xff : 0)
  key.set(bytes)
  const multiplied = (value: bigint): bigint => BigInt.asUintN(64, value * FACTOR)
  if (keySize === 8) return Number(multiplied(key.readBigUInt64LE()) >> BigInt(64 - shift))
  let hash = 0n
  const words = Array.from({ length: keySize / 8 }, (_, at) => key.readBigUInt64LE(8 * at))
  for (const word of keyEndsAtZero ? words.slice(0, (words.indexOf(0n) + 1 || keySize) - 1) : words.toReversed()) {
    const mixed = multiplied(hash ^ word)
    hash = BigInt.asUintN(64, mixed << 29n) | (mixed >> 35n)
  }
  return Number(multiplied(hash) >> BigInt(64 - shift))
}
