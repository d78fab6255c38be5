import type { MapDeclaration } from '../ir/program.js'
import type { AggregateState } from './aggregate-state.js'

/** The entries of a map at one moment, in no order. */
export interface MapSnapshot {
  readonly declaration: MapDeclaration
  readonly entries: readonly MapEntry[]
}

/** Keys and values are blocks laid out by `ir/layout`; aggregates are states. The only entry of a map without keys has no key. */
export interface MapEntry {
  readonly key: Uint8Array | undefined
  readonly value: Uint8Array | AggregateState
}
