import type { ProgramMaps } from '../codegen/interpreter/program-maps.js'
import type { Value } from '../codegen/interpreter/value.js'
import type { MapSnapshot } from '../store/map-snapshot.js'

/** Maps of which some are kept here and, once a program runs there, some in the target. */
export class DividedMaps implements ProgramMaps {
  #there: ProgramMaps | undefined
  #isThere: ReadonlySet<number> = new Set()

  constructor(private readonly here: ProgramMaps) {}

  /** From now on, these maps are kept elsewhere. */
  move(maps: ReadonlySet<number>, there: ProgramMaps): void {
    this.#isThere = maps
    this.#there = there
  }

  load(map: number, key: Value | undefined): Value | undefined {
    return this.#of(map).load(map, key)
  }

  store(map: number, key: Value | undefined, value: Value): boolean {
    return this.#of(map).store(map, key, value)
  }

  aggregate(map: number, key: Value | undefined, value: bigint, nowNs: bigint): boolean {
    return this.#of(map).aggregate(map, key, value, nowNs)
  }

  has(map: number, key: Value | undefined): boolean {
    return this.#of(map).has(map, key)
  }

  delete(map: number, key: Value | undefined): boolean {
    return this.#of(map).delete(map, key)
  }

  length(map: number): number {
    return this.#of(map).length(map)
  }

  clear(map: number): void {
    this.#of(map).clear(map)
  }

  zero(map: number): void {
    this.#of(map).zero(map)
  }

  snapshot(map: number): MapSnapshot {
    return this.#of(map).snapshot(map)
  }

  #of(map: number): ProgramMaps {
    return this.#there !== undefined && this.#isThere.has(map) ? this.#there : this.here
  }
}
