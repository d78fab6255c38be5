import type { MapSnapshot } from '../../store/map-snapshot.js'
import type { Value } from './value.js'

/** The maps of a program, wherever they lie: handlers that run in the tracer and those that run elsewhere share them. */
export interface ProgramMaps {
  /** The value, an aggregate's as the integer that it stands for; `undefined` where there is no entry. */
  load(map: number, key: Value | undefined): Value | undefined
  /** False if the map is full. */
  store(map: number, key: Value | undefined, value: Value): boolean
  /** Takes a value into an aggregate. False if the map is full. */
  aggregate(map: number, key: Value | undefined, value: bigint, nowNs: bigint): boolean
  has(map: number, key: Value | undefined): boolean
  /** False if there was none. */
  delete(map: number, key: Value | undefined): boolean
  length(map: number): number
  clear(map: number): void
  /** Every key stays, its value becomes zero. */
  zero(map: number): void
  snapshot(map: number): MapSnapshot
}
