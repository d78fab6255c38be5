import type { MapDeclaration } from '../../ir/program.js'
import { isAggregate } from '../../ir/value-type.js'
import { type AggregateState, emptyState, reducedValue, takeValue } from '../../store/aggregate-state.js'
import type { MapEntry, MapSnapshot } from '../../store/map-snapshot.js'
import type { ProgramMaps } from './program-maps.js'
import { bytesOfValue, readValue, type Value, zeroOf } from './value.js'

/** The maps of a program in the tracer's memory: the model that those in a target are compared with. */
export class MapStore implements ProgramMaps {
  readonly #maps: readonly { readonly declaration: MapDeclaration; readonly entries: Map<string, MapEntry> }[]

  constructor(declarations: readonly MapDeclaration[]) {
    this.#maps = declarations.map((declaration) => ({ declaration, entries: new Map() }))
  }

  load(map: number, key: Value | undefined): Value | undefined {
    const { declaration, entries } = this.#map(map)
    const value = entries.get(this.#id(map, key))?.value
    if (value === undefined) return undefined
    return isState(value) ? reducedValue(value) : readValue(value, 0, declaration.value)
  }

  store(map: number, key: Value | undefined, value: Value): boolean {
    return this.#put(map, key, bytesOfValue(this.#map(map).declaration.value, value))
  }

  aggregate(map: number, key: Value | undefined, value: bigint, nowNs: bigint): boolean {
    const { declaration, entries } = this.#map(map)
    const type = declaration.value
    if (!isAggregate(type)) throw new RangeError(`${declaration.name} holds no aggregates`)
    const known = entries.get(this.#id(map, key))?.value
    const state = known !== undefined && isState(known) ? known : emptyState(type)
    return this.#put(map, key, takeValue(state, type, value, nowNs))
  }

  has(map: number, key: Value | undefined): boolean {
    return this.#map(map).entries.has(this.#id(map, key))
  }

  delete(map: number, key: Value | undefined): boolean {
    return this.#map(map).entries.delete(this.#id(map, key))
  }

  length(map: number): number {
    return this.#map(map).entries.size
  }

  clear(map: number): void {
    this.#map(map).entries.clear()
  }

  zero(map: number): void {
    const { declaration, entries } = this.#map(map)
    const type = declaration.value
    for (const [id, entry] of entries) {
      const value = isAggregate(type) ? emptyState(type) : bytesOfValue(type, zeroOf(type))
      entries.set(id, { ...entry, value })
    }
  }

  snapshot(map: number): MapSnapshot {
    const { declaration, entries } = this.#map(map)
    return { declaration, entries: [...entries.values()] }
  }

  #put(map: number, key: Value | undefined, value: MapEntry['value']): boolean {
    const { declaration, entries } = this.#map(map)
    const id = this.#id(map, key)
    if (!entries.has(id) && entries.size >= declaration.maxKeys) return false
    const bytes = key === undefined || declaration.key === undefined ? undefined : bytesOfValue(declaration.key, key)
    entries.set(id, { key: bytes, value })
    return true
  }

  /** Keys are the same if their bytes are. */
  #id(map: number, key: Value | undefined): string {
    const type = this.#map(map).declaration.key
    return key === undefined || type === undefined ? '' : Buffer.from(bytesOfValue(type, key)).toString('latin1')
  }

  #map(index: number) {
    const map = this.#maps[index]
    if (map === undefined) throw new RangeError(`there is no map ${index}`)
    return map
  }
}

export function isState(value: Uint8Array | AggregateState): value is AggregateState {
  return 'kind' in value
}
